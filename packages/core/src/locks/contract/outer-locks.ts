import type { LockDriver } from './lock-driver.js'

/** A program that takes many locks in turn does not pass all of them on. */
export const MAX_OUTER_LOCKS = 32

/**
 * Adds a lock to the value of `CLI_OPS_OUTER_LOCKS`: the locks of the commands around a process, that is, the ids of their grants, by resource, as in a
 * URL's query. Only a hint: environments are inherited by processes that nobody waits for, and outlive the locks. A reader checks that the
 * id still holds the lock, and that its owner is an ancestor.
 */
function withOuterLock(value: string | undefined, resource: string, id: string): string {
  const others = [...new URLSearchParams(value)].filter(([name]) => name !== resource)
  return new URLSearchParams([...others.slice(1 - MAX_OUTER_LOCKS), [resource, id]]).toString()
}

/** Returns whether a driver sees in the process table what the processes around this one hold, as an embedded driver does. */
export function seesAncestors({ tryAcquireSync }: Pick<LockDriver, 'tryAcquireSync'>): boolean {
  return tryAcquireSync !== undefined
}

/** Returns the value of `CLI_OPS_OUTER_LOCKS` for the children of this process, with the lock that `cli-ops run` gave to it. */
export function outerLocks(): string | undefined {
  const {
    CLI_OPS_OUTER_LOCKS: outer,
    CLI_OPS_LOCK_RESOURCE: resource,
    CLI_OPS_LOCK_ID: id,
  } = process.env
  return resource && id ? withOuterLock(outer, resource, id) : outer
}
