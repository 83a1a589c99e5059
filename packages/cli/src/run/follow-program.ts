import { EXIT_LOST, type Lock, say } from '@cli-ops/shared-ipc/ops/wrap'

import type { ChildEnd } from './child-end.js'
import type { GatedChild, LockFacts } from './gated-child.js'
import { relaySignals } from './relay-signals.js'

/** With these a program is asked to end. */
const ENDING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']

/** What is done around a program while it runs. */
export interface FollowOptions {
  /** How long it may go on after it was asked to end. */
  readonly killAfterMs: number | undefined
  /** Called where the lock is lost. */
  readonly onLost: () => Promise<void>
  /** Called where somebody sends a signal that asks it to end, for the first time. */
  readonly onAsked: () => Promise<void>
  /** What follows where it has ended with 0, under the lock. */
  readonly onSuccess: (durationMs: number) => Promise<void>
}

/** Begins a program that has its lock, and waits for its end, and for what follows on that. */
export async function followProgram(
  child: GatedChild,
  lock: Lock,
  facts: LockFacts,
  { killAfterMs, onLost: tellMore, onAsked, onSuccess }: FollowOptions,
): Promise<ChildEnd> {
  let hasEnded = false
  let isLost = false
  let told: Promise<void> | undefined
  let asked: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (killAfterMs !== undefined && !hasEnded && ENDING.includes(signal))
      timer ??= setTimeout(() => void kill(child), killAfterMs)
  }
  const onLost = (): void => {
    isLost = true
    say(`lost the lock on ${JSON.stringify(lock.resource)}, so its program is asked to end`)
    child.kill('SIGTERM')
    onSignal('SIGTERM')
    told = tellMore()
  }
  const stopRelaying = relaySignals(child.pid, {
    send: (signal) => child.kill(signal),
    onSignal: (signal) => {
      onSignal(signal)
      if (signal === 'SIGTERM' && !hasEnded) asked ??= onAsked()
    },
  })
  const began = performance.now()
  child.letGo(facts)
  const { signal } = lock
  if (signal.aborted) onLost()
  else signal.addEventListener('abort', onLost)
  const end = await child.ended
  hasEnded = true
  // What follows is this process's own.
  clearTimeout(timer)
  signal.removeEventListener('abort', onLost)
  if (end.code === 0 && !isLost) await onSuccess(Math.round(performance.now() - began))
  await Promise.all([told, asked])
  stopRelaying()
  return isLost ? { code: EXIT_LOST, signal: null } : end
}

async function kill({ pid }: GatedChild): Promise<void> {
  const { killTree } = await import('./process-tree.js')
  killTree(pid)
}
