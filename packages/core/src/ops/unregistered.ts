import type { Owner } from '../locks/contract/lock-types.js'
import { type WaitingFor, waitingFor, waitingWord } from './instance-word.js'

/** A process as a lock names it. */
type LockUser = Pick<Owner, 'name' | 'pid' | 'host' | 'state'>

/** A lock reduced to its holders and queue. */
interface UsedLock<User> {
  readonly resource: string
  readonly holders: readonly User[]
  /** Next first. */
  readonly waiters: readonly User[]
}

/** A process's use of locks. */
export interface LockUse {
  /** Resources that it holds. */
  readonly holding: readonly string[]
  readonly waitingFor?: WaitingFor | undefined
}

/**
 * Returns the processes that hold or wait for locks but are not registered instances, each once: `cli-ops run`, and programs that use
 * locks without a plugin. Only their locks show that they run.
 */
export function unregistered<User extends LockUser>(
  locks: readonly UsedLock<User>[],
  instances: readonly Pick<Owner, 'name' | 'pid'>[],
): readonly (User & LockUse)[] {
  const found = new Map<string, User & LockUse>()
  const known = new Set(instances.map(({ name, pid }) => `${pid} ${name}`))
  for (const { resource, holders, waiters } of locks) {
    for (const user of [...holders, ...waiters]) {
      const { name, pid, host, state } = user
      const key = `${pid} ${host} ${name}`
      // The next process gets a dead owner's lock.
      if (state === 'dead' || known.has(`${pid} ${name}`)) continue
      const use = found.get(key) ?? { ...user, holding: [], waitingFor: waitingFor(user, locks) }
      const isHolder = holders.includes(user)
      found.set(key, isHolder ? { ...use, holding: [...use.holding, resource] } : use)
    }
  }
  return [...found.values()]
}

/** Describes what such a process is doing: `holds production`, `waiting for production, 2nd`, `stopped`, `unknown`. */
export function useWord({
  state,
  holding,
  waitingFor: waits,
}: Pick<Owner, 'state'> & LockUse): string {
  if (state !== 'running') return state
  return waits === undefined ? `holds ${holding.join(', ')}` : waitingWord(waits)
}
