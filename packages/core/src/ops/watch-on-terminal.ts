import { systemClock } from '../base/wait/clock.js'
import { pause } from '../base/wait/pause.js'
import type { OpsContext, OpsRun } from './ops-context.js'

const EVERY_MS = 1000
/** A slow command repeats less often, so that it runs for at most a twentieth of the time. */
const PAUSES_PER_RUN = 20

/** Returns a command that repeats every second and replaces its last output, until Ctrl-C. In a pipe, or with JSON, it runs once. */
export function watchOnTerminal(run: OpsRun): OpsRun {
  return async (context) => {
    const { signal, replace, options } = context
    if (options['json'] === true || !process.stdout.isTTY) return run(context)
    let isFirst = true
    while (!signal.aborted) {
      const began = systemClock.monotonicMs()
      try {
        replace(await textOf(run, context))
      } catch (error) {
        // A wrong argument, or an engine that never answered. One that answered before can come back.
        if (isFirst) throw error
        replace(`! ${error instanceof Error ? error.message : String(error)}`)
      }
      isFirst = false
      await pause(Math.max(EVERY_MS, PAUSES_PER_RUN * (systemClock.monotonicMs() - began)), signal)
    }
    return 0
  }
}

/** Returns what a command prints for people. */
async function textOf(run: OpsRun, context: OpsContext): Promise<string> {
  const printed: string[] = []
  await run({ ...context, print: (_json, text) => void printed.push(text) })
  return printed.join('\n')
}
