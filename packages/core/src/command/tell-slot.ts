import type { Lock } from '../locks/contract/lock-types.js'

/** Tells a command, and what it starts, which slot it has. Nothing where it has none. */
export function tellSlot({ slot }: Lock): void {
  if (slot !== undefined) process.env['CLI_OPS_LOCK_SLOT'] = slot
}
