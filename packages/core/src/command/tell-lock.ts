import { isKeptLock } from '../locks/contract/lock-id.js'
import { OUTER_LOCKS, withOuterLock } from '../locks/contract/outer-locks.js'
import type { Lock } from '../locks/contract/lock-types.js'

/** Tells a command, and its children, which slot it has, and which lock on an engine. On this machine, the process table does. */
export function tellLock({ id, resource, slot }: Lock): void {
  if (slot !== undefined) process.env['CLI_OPS_LOCK_SLOT'] = slot
  if (isKeptLock(id))
    process.env[OUTER_LOCKS] = withOuterLock(process.env[OUTER_LOCKS], resource, id)
}
