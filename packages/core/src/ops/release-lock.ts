import { describeOwner } from '../locks/contract/describe-owner.js'
import { assertName } from '../base/names/assert-name.js'
import { jsonLine } from '../base/terminal/json-line.js'
import type { OpsRun } from './ops-context.js'

/** `locks release <resource> --id <id>`: frees a lock from one holder; a newer one is never hit. */
export const releaseLock: OpsRun = async ({ coordinator, args, options, program, print }) => {
  const [resource] = args
  const { id } = options
  assertName('resource', resource)
  assertName('--id', id)
  const before = await coordinator.locks.inspect(resource)
  const released = await coordinator.locks.forceRelease(resource, id)
  const owner = before?.holders.find((holder) => holder.id === id)?.owner
  print(
    { resource, id, released, ...(released && owner !== undefined ? { owner } : {}) },
    released
      ? `Released ${jsonLine(resource)}${owner === undefined ? '' : ` from ${describeOwner(owner)}`}. Where that process goes on, it does so without the lock.`
      : `Nothing to release: nobody holds ${jsonLine(resource)} under the id ${id} (any more); see "${program} locks".`,
  )
  return released ? 0 : 1
}
