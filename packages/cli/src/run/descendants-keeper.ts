import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

import { BEGAN } from './shell-identity.js'

/** A small process that lives as long as any process, including this one, has the other end of its pipe open. */
export interface DescendantsKeeper {
  readonly pid: number
  /** The end that the program and all its descendants inherit. */
  readonly pipe: Writable
  /** Names the process to forward SIGTERM to. Resolves once that works, or the keeper has ended. */
  watch(program: number): Promise<void>
  /** Leaves the pipe to the program's remaining descendants. Resolves to true if the keeper ends within this time, else to false. */
  endsWithin(ms: number): Promise<boolean>
  kill(): void
}

/**
 * Ends with the last writer of its input. SIGTERM to it is meant for the program it stands for, so it forwards the signal if the program
 * is still running, and for the lock, so it ends itself. A separate process reads the input, since a reading shell can delay traps. That
 * process needs a copy of the descriptor, since the shell gives background processes /dev/null. The output is closed once the traps are
 * set.
 */
const SCRIPT = `${BEGAN}
IFS= read -r program || exit
start=$(began "$program")
exec 4<&0
cat <&4 >/dev/null & cat=$!
exec 4<&- 0</dev/null
trap '[ -n "$start" ] && [ "$(began "$program")" = "$start" ] && kill -TERM "$program"; kill "$cat"; exit' TERM
exec >/dev/null
wait "$cat"`

/**
 * Starts the keeper in its own session, so signals from the program's terminal do not reach it. It keeps the given descriptors
 * open as long as it lives.
 */
export function startKeeper(
  program: readonly string[],
  descriptors: readonly number[],
): DescendantsKeeper {
  // The process table must show what it stands for.
  const keeper = spawn('/bin/sh', ['-c', SCRIPT, 'cli-ops', ...program], {
    stdio: ['pipe', 'pipe', 'ignore', ...descriptors],
    detached: true,
  })
  keeper.unref()
  const pipe = keeper.stdin as Writable
  pipe.on('error', () => undefined)
  const ready = once((keeper.stdout as Readable).resume(), 'close')
  return {
    pid: keeper.pid ?? 0,
    pipe,
    watch: async (program) => {
      pipe.write(`${program}\n`)
      await ready
    },
    endsWithin: (ms) => {
      // Not end(): that would shut down the pipe for all its writers.
      pipe.destroy()
      return endsWithin(keeper, ms)
    },
    kill: () => void keeper.kill('SIGKILL'),
  }
}

async function endsWithin(keeper: ChildProcess, ms: number): Promise<boolean> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return true
  const enough = new AbortController()
  const timer = setTimeout(() => {
    enough.abort()
  }, ms)
  try {
    await once(keeper, 'exit', { signal: enough.signal })
    return true
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
