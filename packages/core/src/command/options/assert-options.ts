import { assertEventType } from '../../events/event-pattern.js'
import { resolveSchemas } from '../../events/event-schemas.js'
import { assertRateLimit } from '../../events/assert-rate-limit.js'
import { assertName, describe } from '../../base/names/assert-name.js'
import { assertKnown } from '../../base/validation/assert-known.js'
import { assertObject } from '../../base/validation/assert-object.js'
import { assertPresent } from '../../base/validation/assert-present.js'
import { isObject } from '../../base/validation/is-object.js'
import { assertSchema } from '../../base/validation/standard-schema.js'
import { closestName } from '../../base/names/closest-name.js'
import { assertSlots } from '../../locks/slots/slot-set.js'
import { resolveConnection } from '../../engine/connection-options.js'
import { parseEngineUrl } from '../../engine/parse-engine-url.js'
import type { CliOpsOptions, CommandRule, EventsOf, LockRule } from './cli-ops-options.js'

export const OPTIONS: readonly string[] = Object.keys({
  name: true,
  version: true,
  home: true,
  namespace: true,
  url: true,
  disabled: true,
  commands: true,
  lifecycleEvents: true,
  rateLimit: true,
  schemas: true,
  serve: true,
  ops: true,
} satisfies Record<keyof CliOpsOptions, true>)
const RULE_FIELDS = Object.keys({
  lock: true,
  emits: true,
} satisfies Record<keyof CommandRule, true>)
const LOCK_FIELDS = Object.keys({
  resource: true,
  mode: true,
  timeoutMs: true,
  onBusy: true,
  label: true,
  slots: true,
  queue: true,
  graceMs: true,
} satisfies Record<keyof LockRule, true>)

/** Throws a `TypeError` naming the option, the rule and the value, unless `options` can configure a plugin. */
export function assertOptions(
  options: unknown,
  place = 'options',
  allowed = OPTIONS,
): asserts options is CliOpsOptions {
  assertEntries(place, options)
  assertKnown(place, options, allowed)
  // Options in code are named as written; options in a file, with their place.
  const at = (option: string): string => (place === 'options' ? option : `${place}.${option}`)
  const { name, version, lifecycleEvents, rateLimit, schemas, ops, serve, commands, url } =
    options as CliOpsOptions
  if (name !== undefined) assertName(at('name'), name)
  if (version !== undefined) assertName(at('version'), version)
  if (lifecycleEvents !== undefined) assertType(at('lifecycleEvents'), lifecycleEvents, ['boolean'])
  if (rateLimit !== undefined && rateLimit !== false) assertRateLimit(at('rateLimit'), rateLimit)
  if (schemas !== undefined) resolveSchemas(schemas, at('schemas'))
  if (ops !== undefined) assertType(at('ops'), ops, ['boolean', 'string'])
  if (typeof ops === 'string' && !/^\S+$/u.test(ops))
    throw new TypeError(`${at('ops')} must be the name of a command, got ${describe(ops)}`)
  if (serve !== undefined) {
    assertObject(at('serve'), serve)
    for (const [method, served] of Object.entries(serve))
      assertServed(at(`serve.${method}`), served)
  }
  if (commands !== undefined) {
    assertEntries(at('commands'), commands)
    for (const [command, rule] of Object.entries(commands))
      assertRule(at(`commands[${JSON.stringify(command)}]`), rule)
  }
  if (url !== undefined) assertUrls(at('url'), url)
  // The environment is not the author's, and must not keep --help from working.
  resolveConnection(options, { CLI_OPS_HOME: process.execPath })
}

function assertServed(place: string, served: unknown): void {
  if (!isObject(served)) {
    assertType(place, served, ['function'])
    return
  }
  assertKnown(place, served, ['input', 'output', 'handler'])
  assertPresent(place, served, ['handler'])
  const { input, output, handler } = served
  assertSchema(`${place}.input`, input)
  assertSchema(`${place}.output`, output)
  assertType(`${place}.handler`, handler, ['function'])
}

/** Throws a `TypeError` unless `rule` is a command's lock: a resource name or a lock rule. */
export function assertLockRule(place: string, rule: unknown): asserts rule is string | LockRule {
  if (typeof rule === 'string') {
    assertName(place, rule)
    return
  }
  if (!isObject(rule))
    throw new TypeError(`${place} must be a resource name or a lock rule, got ${describe(rule)}`)
  assertLockObject(place, rule)
}

function assertLockObject(place: string, rule: object): void {
  assertKnown(place, rule, LOCK_FIELDS)
  const { resource, mode, timeoutMs, onBusy, label, slots, queue, graceMs } =
    rule as Partial<LockRule>
  assertPresent(place, rule, ['resource'])
  assertName(`${place}.resource`, resource)
  if (label !== undefined) assertName(`${place}.label`, label)
  assertOneOf(`${place}.mode`, mode, ['exclusive', 'shared'])
  if (slots !== undefined) {
    assertSlots(`${place}.slots`, slots)
    if (mode === 'shared')
      throw new TypeError(`${place}.mode must be exclusive with slots, got "shared"`)
  }
  assertOneOf(`${place}.queue`, queue, ['all', 'latest'])
  assertOneOf(`${place}.onBusy`, onBusy, ['wait', 'fail', 'skip', 'join', 'replace'])
  if (timeoutMs !== undefined) assertMilliseconds(`${place}.timeoutMs`, timeoutMs)
  if (graceMs !== undefined) assertMilliseconds(`${place}.graceMs`, graceMs)
  assertRunRule(place, rule)
}

/** Joining and replacing need exactly one running holder; a waiter behind it is not a run yet. */
function assertRunRule(
  place: string,
  { onBusy, graceMs, mode, slots, queue }: Partial<LockRule>,
): void {
  if (graceMs !== undefined && onBusy !== 'replace')
    throw new TypeError(`${place}.graceMs needs onBusy "replace"`)
  if (onBusy !== 'join' && onBusy !== 'replace') return
  if (slots !== undefined)
    throw new TypeError(`${place}.slots cannot be combined with onBusy "${onBusy}"`)
  if (mode === 'shared')
    throw new TypeError(`${place}.mode must be exclusive with "${onBusy}", got "shared"`)
  if (onBusy === 'join' && queue === 'latest')
    throw new TypeError(`${place}.queue must be all with "join", got "latest"`)
}

function assertMilliseconds(place: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0) return
  throw new TypeError(`${place} must be a number of milliseconds, got ${describe(value)}`)
}

/** Throws a `TypeError` unless `rule` is a valid command rule. */
export function assertRule(place: string, rule: unknown): asserts rule is CommandRule {
  assertEntries(place, rule)
  assertKnown(place, rule, RULE_FIELDS)
  const { lock, emits } = rule as { readonly lock?: unknown; readonly emits?: unknown }
  if (lock !== undefined && typeof lock !== 'function') assertLockRule(`${place}.lock`, lock)
  if (emits !== undefined) assertEmits(`${place}.emits`, emits)
}

/**
 * Throws a `TypeError` unless `events` describes what follows a command: an event type, or a function that makes events.
 */
export function assertEmits(place: string, events: unknown): asserts events is string | EventsOf {
  if (typeof events !== 'function') assertEventType(events, place)
}

/** Drivers define the schemes. A URL can contain a password, so only a single word is shown. */
function assertUrls(place: string, url: unknown): void {
  const urls = typeof url === 'object' && url !== null ? Object.values(url) : [url]
  const wrong = urls.find(
    (text) => typeof text === 'string' && parseEngineUrl(text) === undefined,
  ) as unknown
  if (typeof wrong !== 'string') return
  const shown = /^[\w-]{0,30}$/u.test(wrong) ? describe(wrong) : 'something else'
  throw new TypeError(`${place} must be a URL such as redis://host:6379, got ${shown}`)
}

/** The contents of a `Map`, or of an object's prototype, are not entries: such rules would silently not hold. */
function assertEntries(place: string, value: unknown): asserts value is object {
  assertObject(place, value)
  const isKeyed = value instanceof Map || value instanceof Set
  const prototype = Object.getPrototypeOf(value) as object | null
  // One step further than a literal of any realm, with something enumerable there. Some libraries extend all literals.
  const isLiteral = prototype === null || Object.hasOwn(prototype, 'isPrototypeOf')
  const isDerived = !isLiteral && Object.keys(prototype).length > 0
  if (isKeyed || isDerived) {
    const found = isKeyed ? `a ${value.constructor.name}` : 'one that inherits them'
    throw new TypeError(`${place} must be an object with its own entries, got ${found}`)
  }
}

function assertType(place: string, value: unknown, types: readonly string[]): void {
  if (!types.includes(typeof value)) {
    throw new TypeError(`${place} must be a ${types.join(' or ')}, got ${describe(value)}`)
  }
}

function assertOneOf(place: string, value: unknown, allowed: readonly string[]): void {
  if (value !== undefined && !(typeof value === 'string' && allowed.includes(value))) {
    const meant = typeof value === 'string' ? closestName(value, allowed) : undefined
    const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`
    throw new TypeError(
      `${place} must be one of ${allowed.join(', ')}, got ${describe(value)}${hint}`,
    )
  }
}
