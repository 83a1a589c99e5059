import { assertInteger } from '../base/validation/assert-number.js'
import type { ConnectionOptions } from './connection-options.js'

/** Limits of a driver that needs the network. */
export interface EngineLimits {
  /** How long the engine may take to connect or answer, in milliseconds. */
  readonly timeoutMs: number
  /** How long a lock or registration survives without contact between its process and the engine, in milliseconds. */
  readonly leaseMs: number
}

const DEFAULT_TIMEOUT_MS = 5_000
const DEFAULT_LEASE_MS = 10_000
/** Below this, a busy machine loses its leases between two renewals. */
const MIN_LEASE_MS = 100

/** Validates the limits and fills in values from the environment and defaults. @throws TypeError */
export function resolveEngineLimits(
  { leaseMs, engineTimeoutMs }: Pick<ConnectionOptions, 'leaseMs' | 'engineTimeoutMs'>,
  env: NodeJS.ProcessEnv = process.env,
): EngineLimits {
  const read = (
    option: string,
    given: number | undefined,
    variable: string,
    byDefault: number,
    min: number,
  ): number => {
    const text = env[variable]
    if (given === undefined && !text) return byDefault
    // A value that is not a number is shown as given.
    const value = given ?? (Number.isNaN(Number(text)) ? text : Number(text))
    assertInteger(given === undefined ? variable : option, value, min)
    return value
  }
  return {
    timeoutMs: read(
      'engineTimeoutMs',
      engineTimeoutMs,
      'CLI_OPS_ENGINE_TIMEOUT_MS',
      DEFAULT_TIMEOUT_MS,
      1,
    ),
    leaseMs: read('leaseMs', leaseMs, 'CLI_OPS_LEASE_MS', DEFAULT_LEASE_MS, MIN_LEASE_MS),
  }
}
