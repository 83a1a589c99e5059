import { assertName } from '../names/assert-name.js'
import type { OpsRun } from './ops-context.js'

/** `locks release <resource> --id <id>`: frees a lock from one holder; a newer one is never hit. */
export const releaseLock: OpsRun = async ({ coordinator, args, options, print }) => {
  const [resource] = args
  const { id } = options
  assertName('resource', resource)
  assertName('--id', id)
  const released = await coordinator.locks.forceRelease(resource, id)
  const text = released
    ? `Released ${JSON.stringify(resource)} from ${id}.`
    : `Nothing to release: ${JSON.stringify(resource)} is not held under the id ${id} (any more); see "locks".`
  print({ resource, id, released }, text)
  return released ? 0 : 1
}
