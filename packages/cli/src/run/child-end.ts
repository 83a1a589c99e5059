import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** How a child process ended. */
export interface ChildEnd {
  /** Null if a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Waits for a child process to end. */
export async function endOf(child: ChildProcess): Promise<ChildEnd> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return { code, signal }
}

/** Returns the exit code that a shell would show. */
export function exitCodeOf({ code, signal }: ChildEnd): number {
  if (code !== null || signal === null) return code ?? 128
  return 128 + process.getBuiltinModule('node:os').constants.signals[signal]
}

/** Raising these does not end a Node process: it ignores them, or uses them itself. */
const WITHOUT_EFFECT: readonly NodeJS.Signals[] = ['SIGPIPE', 'SIGUSR1', 'SIGXFSZ']
/** A raised signal arrives immediately; this covers one that is blocked or ignored. */
const SIGNAL_GRACE_MS = 1_000

/** Ends this process as a child ended: with its exit code, or by its signal. */
export function endAs(end: ChildEnd): void {
  const { signal } = end
  process.exitCode = exitCodeOf(end)
  const isPlain = signal === null || process.platform === 'win32'
  if (isPlain || WITHOUT_EFFECT.includes(signal)) process.exit()
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
  setTimeout(() => process.exit(), SIGNAL_GRACE_MS)
}
