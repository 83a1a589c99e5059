import { describe } from '../base/names/assert-name.js'
import { toJson } from '../base/validation/to-json.js'
import type { Contribution } from './own-record.js'

/** Enough for facts, not for documents: every `discover()` of every process reads all records. */
const MAX_METADATA_BYTES = 64 * 1024

/** What `register` takes: the record fields that a caller can set, plus any fields of its own. */
export interface ServiceMetadata {
  /** Optional, for readability; only this process's own pid is accepted. */
  readonly pid?: number | undefined
  readonly version?: string | undefined
  /** When the CLI started: milliseconds since the epoch, or a date. @default when the process started */
  readonly startedAt?: number | Date | undefined
  readonly [field: string]: unknown
}

/**
 * Validates the metadata of `register` and turns it into a contribution. The fields that identify the instance cannot be forged.
 *
 * @throws TypeError that names the field, the rule and the value
 */
export function toContribution(metadata: ServiceMetadata | object): Contribution {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new TypeError(`metadata must be an object, got ${describe(metadata)}`)
  const { pid, version, startedAt, ...own } = metadata as ServiceMetadata
  if (pid !== undefined && pid !== process.pid)
    throw new TypeError(
      `metadata.pid must be this process's own, ${process.pid}, got ${describe(pid)}`,
    )
  if (version !== undefined && typeof version !== 'string')
    throw new TypeError(`metadata.version must be a string, got ${describe(version)}`)
  for (const reserved of ['name', 'instance', 'state', 'reason', 'endpoint']) {
    if (Object.hasOwn(own, reserved) && own[reserved] !== undefined)
      throw new TypeError(
        `metadata.${reserved} is set by the registry, got ${describe(own[reserved])}`,
      )
  }
  const json = toJson('metadata', own)
  if (Buffer.byteLength(json) > MAX_METADATA_BYTES) {
    throw new TypeError(
      `metadata must be at most ${MAX_METADATA_BYTES} bytes of JSON, got ${Buffer.byteLength(json)} bytes`,
    )
  }
  return {
    version,
    startedAt: toMilliseconds(startedAt),
    // A copy as other processes will see it, so later changes to the caller's object have no effect.
    metadata: JSON.parse(json) as Record<string, unknown>,
  }
}

function toMilliseconds(startedAt: unknown): number | undefined {
  if (startedAt === undefined) return undefined
  const milliseconds = startedAt instanceof Date ? startedAt.getTime() : startedAt
  // The range of dates in ECMAScript.
  if (typeof milliseconds === 'number' && Math.abs(milliseconds) <= 8.64e15) return milliseconds
  throw new TypeError(
    `metadata.startedAt must be a date or milliseconds since the epoch, got ${describe(startedAt)}`,
  )
}
