import { assertEventType } from '../events/event-pattern.js'
import { assertName, describe } from '../names/assert-name.js'
import { resolveConnection } from '../options/connection-options.js'
import type { CliOpsOptions, EventsOf, LockRule } from './cli-ops-options.js'

const OPTIONS = [
  'name',
  'version',
  'home',
  'namespace',
  'url',
  'disabled',
  'commands',
  'lifecycleEvents',
  'serve',
  'ops',
]
const RULE_FIELDS = ['lock', 'emits']
const LOCK_FIELDS = ['resource', 'mode', 'timeoutMs', 'onBusy']

/** Throws a `TypeError` that names the option, the rule and the value, unless `options` may configure a plugin. */
export function assertOptions(options: unknown): asserts options is CliOpsOptions {
  assertObject('options', options)
  assertFields('options', options, OPTIONS)
  const { name, version, lifecycleEvents, ops, serve, commands } = options as CliOpsOptions
  if (name !== undefined) assertName('name', name)
  if (version !== undefined) assertName('version', version)
  if (lifecycleEvents !== undefined) assertType('lifecycleEvents', lifecycleEvents, ['boolean'])
  if (ops !== undefined) assertType('ops', ops, ['boolean', 'string'])
  if (serve !== undefined) {
    assertObject('serve', serve)
    for (const [method, handler] of Object.entries(serve))
      assertType(`serve.${method}`, handler, ['function'])
  }
  if (commands !== undefined) {
    assertObject('commands', commands)
    for (const [command, rule] of Object.entries(commands))
      assertRule(`commands[${JSON.stringify(command)}]`, rule)
  }
  // What the environment says is not the author's, and must not keep --help from working.
  resolveConnection(options, { CLI_OPS_HOME: process.execPath })
}

/** Throws a `TypeError` unless `rule` is the lock of a command: a resource name or a lock rule. */
export function assertLockRule(place: string, rule: unknown): asserts rule is string | LockRule {
  if (typeof rule === 'string') {
    assertName(place, rule)
    return
  }
  assertLockObject(place, rule)
}

function assertLockObject(place: string, rule: unknown): void {
  assertObject(place, rule)
  assertFields(place, rule, LOCK_FIELDS)
  const { resource, mode, timeoutMs, onBusy } = rule as Partial<LockRule>
  assertName(`${place}.resource`, resource)
  assertOneOf(`${place}.mode`, mode, ['exclusive', 'shared'])
  assertOneOf(`${place}.onBusy`, onBusy, ['wait', 'fail', 'skip'])
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs >= 0)) {
    throw new TypeError(
      `${place}.timeoutMs must be a number of milliseconds, got ${describe(timeoutMs)}`,
    )
  }
}

function assertRule(place: string, rule: unknown): void {
  assertObject(place, rule)
  assertFields(place, rule, RULE_FIELDS)
  const { lock, emits } = rule as { readonly lock?: unknown; readonly emits?: unknown }
  if (lock !== undefined && typeof lock !== 'function') assertLockRule(`${place}.lock`, lock)
  if (emits !== undefined) assertEmits(`${place}.emits`, emits)
}

/** Throws a `TypeError` unless `events` says what follows a command: an event's type, or a function that makes events. */
export function assertEmits(place: string, events: unknown): asserts events is string | EventsOf {
  if (typeof events !== 'function') assertEventType(events, place)
}

function assertObject(place: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${place} must be an object, got ${describe(value)}`)
  }
}

/** A misspelt option would otherwise be a rule that silently does not hold. */
function assertFields(place: string, value: object, known: readonly string[]): void {
  for (const field of Object.keys(value)) {
    if (!known.includes(field)) {
      throw new TypeError(
        `${place} must only have ${known.join(', ')}, got ${JSON.stringify(field)}`,
      )
    }
  }
}

function assertType(place: string, value: unknown, types: readonly string[]): void {
  if (!types.includes(typeof value)) {
    throw new TypeError(`${place} must be a ${types.join(' or ')}, got ${describe(value)}`)
  }
}

function assertOneOf(place: string, value: unknown, allowed: readonly string[]): void {
  if (value !== undefined && !(typeof value === 'string' && allowed.includes(value))) {
    throw new TypeError(`${place} must be one of ${allowed.join(', ')}, got ${describe(value)}`)
  }
}
