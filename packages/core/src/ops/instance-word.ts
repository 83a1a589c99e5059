import { ordinal } from '../base/terminal/ordinal.js'
import type { Owner } from '../locks/contract/lock-types.js'
import type { ServiceInfo } from '../registry/contract/service-types.js'

/** The lock that a process waits for, and its queue position; 1 is next. */
export interface WaitingFor {
  readonly resource: string
  readonly position: number
}

/** A lock reduced to its queue. */
interface Queue {
  readonly resource: string
  /** The processes in the queue, next first. */
  readonly waiters: readonly Pick<Owner, 'name' | 'pid'>[]
}

/** Returns the lock that an instance waits for; of several, the one where it is furthest back. */
export function waitingFor(
  { name, pid }: Pick<ServiceInfo, 'name' | 'pid'>,
  locks: readonly Queue[],
): WaitingFor | undefined {
  let found: WaitingFor | undefined
  for (const { resource, waiters } of locks) {
    const position = waiters.findIndex((waiter) => waiter.pid === pid && waiter.name === name) + 1
    if (position > (found?.position ?? 0)) found = { resource, position }
  }
  return found
}

/** Describes what an instance is doing: `running`, `waiting for production, 2nd`, `stopped`, `no answer`. */
export function instanceWord(
  {
    state,
    reason,
  }: Pick<ServiceInfo, 'state'> & { readonly reason?: ServiceInfo['reason'] | undefined },
  waits: WaitingFor | undefined,
): string {
  if (state === 'hung') return reason === 'stopped' ? 'stopped' : 'no answer'
  return waits === undefined ? 'running' : waitingWord(waits)
}

export function waitingWord({ resource, position }: WaitingFor): string {
  return `waiting for ${resource}, ${ordinal(position)}`
}
