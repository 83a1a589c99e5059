import { EXIT_LOST, type Lock, say } from '@cli-ops/shared-ipc/ops/wrap'

import type { ChildEnd } from './child-end.js'
import type { GatedChild, LockFacts } from './gated-child.js'
import { relaySignals } from './relay-signals.js'

/** The signals that ask a program to end. */
const ENDING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']

/** Callbacks and limits around a running program. */
export interface FollowOptions {
  /** How long it can continue after it was asked to end. */
  readonly killAfterMs: number | undefined
  /** Called when the lock is lost. */
  readonly onLost: () => Promise<void>
  /** Called at the first signal that asks it to end. */
  readonly onAsked: () => Promise<void>
  /** Called under the lock after exit code 0. */
  readonly onSuccess: (durationMs: number) => Promise<void>
}

/** Starts a program that has its lock, and waits for its end and the steps that follow. */
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
    say(`lost the lock on ${JSON.stringify(lock.resource)}; asking the program to end`)
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
  // The remaining steps are this process's own.
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
