import { CliOpsError, isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { closedForMs } from '../contract/closed-engine.js'
import { parseSlotName, withoutSlotNames } from '../contract/slot-name.js'

/** Replaces slot lock names in a driver's error by their resources: a cycle of waits, for example, names every lock in it. */
export function nameSlottedResource(error: unknown): unknown {
  if (!isCliOpsError(error)) return error
  if (error.code !== 'LOCK_DEADLOCK' && closedForMs(error) === undefined) return error
  const { message, details = {} } = error
  const { resource, cycle } = details
  if (withoutSlotNames(message) === message) return error
  return new CliOpsError(error.code, withoutSlotNames(message), {
    cause: error,
    details: {
      ...details,
      resource: resourceOf(resource),
      ...(Array.isArray(cycle) && { cycle: cycle.map(resourceOf) }),
    },
  })
}

function resourceOf(name: unknown): unknown {
  return typeof name === 'string' ? (parseSlotName(name)?.resource ?? name) : name
}
