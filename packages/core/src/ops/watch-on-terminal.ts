import { systemClock } from '../base/wait/clock.js'
import { pause } from '../base/wait/pause.js'
import type { OpsContext, OpsRun } from './ops-context.js'

const EVERY_MS = 1000
/** An expensive look repeats less often, so that it takes at most a twentieth of the time. */
const MIN_PAUSES = 20

/** Makes a look one that repeats each second and replaces what it showed, until Ctrl-C. In a pipe, or as JSON, it looks once. */
export function watchOnTerminal(look: OpsRun): OpsRun {
  return async (context) => {
    const { signal, replace, options } = context
    if (options['json'] === true || !process.stdout.isTTY) return look(context)
    let isFirst = true
    while (!signal.aborted) {
      const began = systemClock.monotonicMs()
      try {
        replace(await textOf(look, context))
      } catch (error) {
        // A wrong argument, or an engine that was never there; one that is away comes back.
        if (isFirst) throw error
        replace(`! ${error instanceof Error ? error.message : String(error)}`)
      }
      isFirst = false
      await pause(Math.max(EVERY_MS, MIN_PAUSES * (systemClock.monotonicMs() - began)), signal)
    }
    return 0
  }
}

/** What the look prints for people. */
async function textOf(look: OpsRun, context: OpsContext): Promise<string> {
  const printed: string[] = []
  await look({ ...context, print: (_json, text) => void printed.push(text) })
  return printed.join('\n')
}
