import { assertKnown } from '../base/validation/assert-known.js'
import { CONNECTION_FIELDS, FIELDS_OF_OTHERS } from '../engine/connection-fields.js'
import type { AppendOptions } from './contract/event-driver.js'
import { describe } from '../base/names/assert-name.js'
import type { StandardSchema } from '../base/validation/standard-schema.js'
import { assertSource } from './contract/event-source.js'
import { DEFAULT_RETENTION } from './contract/default-retention.js'
import type { EventBusOptions, PullOptions } from './event-options.js'
import type { ResolvedRateLimit } from './rate-limit.js'
import { resolveRateLimit } from './resolve-rate-limit.js'
import { resolveSchemas } from './event-schemas.js'
import { assertSignal } from '../base/validation/assert-signal.js'

const BUS_OPTIONS = Object.keys({
  inMemory: true,
  source: true,
  retentionMs: true,
  maxBytes: true,
  durable: true,
  rateLimit: true,
  schemas: true,
  ...CONNECTION_FIELDS,
} satisfies Record<keyof EventBusOptions, true>)

const SUBSCRIBE_OPTIONS = Object.keys({
  from: true,
  group: true,
  signal: true,
  onError: true,
  maxAttempts: true,
  handlerTimeoutMs: true,
  retryDelaysMs: true,
  onGap: true,
  onReadError: true,
  wait: true,
} satisfies Record<keyof PullOptions, true>)

/** The options of a bus, validated, with the defaults filled in. */
export interface EventSettings {
  readonly inMemory: boolean
  readonly source: string | undefined
  readonly append: AppendOptions
  readonly rateLimit: ResolvedRateLimit | false
  readonly schemas: ReadonlyMap<string, StandardSchema>
}

/** Validates options. @throws TypeError that names the option, the rule and the value */
export function resolveEventSettings(options: EventBusOptions): EventSettings {
  assertKnown('options', options, BUS_OPTIONS, FIELDS_OF_OTHERS)
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

/** Validates a subscription's options for every driver; the driver itself validates the position. */
export function assertSubscribeOptions(options: PullOptions): void {
  assertKnown('options', options, SUBSCRIBE_OPTIONS)
  const { from, signal, onError, onGap, onReadError, wait } = options
  if (from !== undefined && typeof from !== 'string' && !isDate(from)) {
    throw new TypeError(
      `from must be "latest", "earliest", a Date or a cursor, got ${describe(from)}`,
    )
  }
  assertSignal(signal)
  if (wait !== undefined) assertBoolean('wait', wait)
  const { maxAttempts, handlerTimeoutMs, retryDelaysMs } = options
  if (maxAttempts !== undefined && maxAttempts !== Infinity)
    assertPositiveInteger('maxAttempts', maxAttempts)
  if (handlerTimeoutMs !== undefined) assertPositiveInteger('handlerTimeoutMs', handlerTimeoutMs)
  if (retryDelaysMs !== undefined) assertDelays(retryDelaysMs)
  assertCallback('onError', onError)
  assertCallback('onGap', onGap)
  assertCallback('onReadError', onReadError)
}

/** Returns true for dates of any realm. */
export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]'
}

export function assertBoolean(option: string, value: unknown): void {
  if (typeof value !== 'boolean') {
    throw new TypeError(`${option} must be true or false, got ${describe(value)}`)
  }
}

function assertPositiveInteger(option: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new TypeError(`${option} must be a positive integer, got ${describe(value)}`)
  }
}

function assertDelays(value: unknown): void {
  const isDelay = (delay: unknown): boolean => Number.isSafeInteger(delay) && (delay as number) >= 0
  if (Array.isArray(value) && value.length > 0 && value.every(isDelay)) return
  throw new TypeError(`retryDelaysMs must be a list of milliseconds, got ${describe(value)}`)
}

function assertCallback(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw new TypeError(`${option} must be a function, got ${describe(value)}`)
  }
}
