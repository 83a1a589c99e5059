import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

import { BEGAN } from './shell-identity.js'

/** A small process that lives as long as one process has the other end of its pipe, this one among them. */
export interface DescendantsKeeper {
  readonly pid: number
  /** The end that is handed to the program, and by it to all that it starts. */
  readonly pipe: Writable
  /** Says which process SIGTERM is meant for. Resolves when a signal would reach that one, or the keeper has ended. */
  watch(program: number): Promise<void>
  /** Leaves the pipe to what is left of the program. Resolves to true when the keeper has ended, to false when it goes on after that time. */
  endsWithin(ms: number): Promise<boolean>
  kill(): void
}

/**
 * Ends with the last writer of its input. Who ends it by hand means the program that it stands for, so SIGTERM goes on to that one if
 * it still runs; and the lock, so it ends itself. The input is read by a process of its own, since a shell that reads may put traps off;
 * it needs a copy of the descriptor, since the shell gives /dev/null to what it starts in the background. The output is closed
 * as soon as signals are seen to.
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
 * Starts the keeper, in a session of its own: what a terminal sends to the program does not reach it. It has the given descriptors
 * open as long as it lives.
 */
export function startKeeper(
  program: readonly string[],
  descriptors: readonly number[],
): DescendantsKeeper {
  // Whoever looks at it is to see for what it stands.
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
      // Not end(): that would shut the pipe down for everybody.
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
