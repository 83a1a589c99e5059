import type { AppendOptions } from '../drivers/event-driver.js'
import { describe } from '../names/assert-name.js'
import type { StandardSchema } from '../validation/standard-schema.js'
import { assertEventType } from './event-pattern.js'
import { assertSource } from './event-source.js'
import { DEFAULT_RETENTION } from './default-retention.js'
import type { EventBusOptions, PullOptions } from './event-options.js'
import { DEFAULT_RATE_LIMIT, type RateLimit } from './rate-limit.js'

/** The options of a bus, validated, with the defaults filled in. */
export interface EventSettings {
  readonly inMemory: boolean
  readonly source: string | undefined
  readonly append: AppendOptions
  readonly rateLimit: Required<RateLimit> | false
  readonly schemas: ReadonlyMap<string, StandardSchema>
}

/** Validates options. @throws TypeError that names the option, the rule and the value */
export function resolveEventSettings(options: EventBusOptions): EventSettings {
  const { inMemory = false, durable = false, source, schemas = {} } = options
  assertBoolean('inMemory', inMemory)
  assertBoolean('durable', durable)
  if (source !== undefined) assertSource(source)
  const { retentionMs = DEFAULT_RETENTION.retentionMs, maxBytes = DEFAULT_RETENTION.maxBytes } =
    options
  if (!(retentionMs > 0) || typeof retentionMs !== 'number') {
    throw new TypeError(`retentionMs must be a number above 0, got ${describe(retentionMs)}`)
  }
  assertPositiveInteger('maxBytes', maxBytes)
  return {
    inMemory,
    source,
    append: { retention: { retentionMs, maxBytes }, durable },
    rateLimit: resolveRateLimit(options.rateLimit),
    schemas: resolveSchemas(schemas),
  }
}

/** Validates what every driver asks of a subscription; the position itself is the driver's to judge. */
export function assertSubscribeOptions(options: PullOptions): void {
  const { from, signal, onError, onGap, wait } = options
  if (from !== undefined && typeof from !== 'string' && !(from instanceof Date)) {
    throw new TypeError(
      `from must be "latest", "earliest", a Date or a cursor, got ${describe(from)}`,
    )
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal must be an AbortSignal, got ${describe(signal)}`)
  }
  if (wait !== undefined) assertBoolean('wait', wait)
  assertCallback('onError', onError)
  assertCallback('onGap', onGap)
}

function resolveRateLimit(limit: EventBusOptions['rateLimit']): Required<RateLimit> | false {
  if (limit === undefined || limit === false) return limit ?? DEFAULT_RATE_LIMIT
  if (typeof limit !== 'object' || limit === null) {
    throw new TypeError(`rateLimit must be false or an object, got ${describe(limit)}`)
  }
  const { max, perMs, onLimit = 'reject' } = limit
  assertPositiveInteger('rateLimit.max', max)
  assertPositiveInteger('rateLimit.perMs', perMs)
  if (!['reject', 'drop', 'queue'].includes(onLimit)) {
    throw new TypeError(
      `rateLimit.onLimit must be "reject", "drop" or "queue", got ${describe(onLimit)}`,
    )
  }
  return { max, perMs, onLimit }
}

function resolveSchemas(schemas: unknown): Map<string, StandardSchema> {
  if (typeof schemas !== 'object' || schemas === null) {
    throw new TypeError(`schemas must be an object of schemas by type, got ${describe(schemas)}`)
  }
  const resolved = new Map<string, StandardSchema>()
  for (const [type, schema] of Object.entries(schemas)) {
    assertEventType(type)
    const standard = (schema as Partial<StandardSchema> | null | undefined)?.['~standard']
    if (typeof standard?.validate !== 'function') {
      throw new TypeError(`schemas[${JSON.stringify(type)}] must be a Standard Schema`)
    }
    resolved.set(type, schema as StandardSchema)
  }
  return resolved
}

function assertBoolean(option: string, value: unknown): void {
  if (typeof value !== 'boolean') {
    throw new TypeError(`${option} must be true or false, got ${describe(value)}`)
  }
}

function assertPositiveInteger(option: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new TypeError(`${option} must be a positive integer, got ${describe(value)}`)
  }
}

function assertCallback(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw new TypeError(`${option} must be a function, got ${describe(value)}`)
  }
}
