import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** A small process that lives as long as one process has the other end of its pipe. */
export interface DescendantsKeeper {
  readonly pid: number
  /** The end that is handed to the program, and by it to all that it starts. */
  readonly pipe: Writable
  /** Says which process SIGTERM is meant for, and leaves the pipe to the program. */
  watch(program: number): void
  /** Resolves to true when the keeper has ended, to false when it goes on after that time. */
  endsWithin(ms: number): Promise<boolean>
  kill(): void
}

/**
 * Ends with the last writer of its input. Who ends it by hand means the program that it stands for: so SIGTERM goes on to that
 * one. The input is read by a process of its own, since a shell that reads may put traps off; it needs a copy of the
 * descriptor, since the shell gives /dev/null to what it starts in the background.
 */
const SCRIPT = `IFS= read -r program
trap 'kill -TERM "$program" 2>/dev/null' TERM
exec 4<&0
cat <&4 >/dev/null & cat=$!
exec 4<&- 0</dev/null
while kill -0 "$cat" 2>/dev/null; do wait "$cat"; done`

/** Starts the keeper, in a session of its own: what a terminal sends to the program does not reach it. */
export function startKeeper(): DescendantsKeeper {
  const keeper = spawn('/bin/sh', ['-c', SCRIPT, 'cli-ops'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  keeper.unref()
  const pipe: Writable = keeper.stdin
  pipe.on('error', () => undefined)
  return {
    pid: keeper.pid ?? 0,
    pipe,
    watch: (program) => {
      // Not end(): that would shut the pipe down for everybody.
      pipe.write(`${program}\n`, () => pipe.destroy())
    },
    endsWithin: (ms) => endsWithin(keeper, ms),
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
