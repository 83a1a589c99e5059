import { isPlainName } from '../base/names/assert-name.js'
import type { StandardSchema } from '../base/validation/standard-schema.js'
import type { CliOpsOptions, CommandRule, EventsOf, LockRule } from './options/cli-ops-options.js'
import { loadParts } from './lazy.js'
import type * as Parts from './parts.js'

// Every run loads these few checks. They recognise the options of nearly every CLI as valid. Everything else might be right or wrong;
// the full checks of `assert-options.ts`, loaded on demand, decide.

/** Like `assertOptions`. */
export function checkOptions(options: unknown): asserts options is CliOpsOptions {
  if (hasOnly(options, isPlainOption)) return
  const parts: typeof Parts = loadParts()
  parts.assertOptions(options)
}

/** Like `assertLockRule`. */
export function checkLockRule(place: string, rule: unknown): asserts rule is string | LockRule {
  if (isPlainLock(rule)) return
  const parts: typeof Parts = loadParts()
  parts.assertLockRule(place, rule)
}

/** Like `assertRule`. */
export function checkRule(place: string, rule: unknown): asserts rule is CommandRule {
  if (hasOnly(rule, isPlainPartOfRule)) return
  const parts: typeof Parts = loadParts()
  parts.assertRule(place, rule)
}

/** Like `assertEmits`. */
export function checkEmits(place: string, events: unknown): asserts events is string | EventsOf {
  if (isPlainEmits(events)) return
  const parts: typeof Parts = loadParts()
  parts.assertEmits(place, events)
}

type IsPlain = (value: unknown, field: string) => boolean

function isPlainOption(value: unknown, field: string): boolean {
  switch (field) {
    case 'name':
    case 'version':
      return isPlainName(value)
    case 'ops':
    case 'disabled':
    case 'lifecycleEvents':
      return typeof value === 'boolean'
    case 'commands':
      return hasOnly(value, (rule) => hasOnly(rule, isPlainPartOfRule))
    case 'serve':
      return hasOnly(value, isFunction)
    default:
      return field === 'schemas' && hasOnly(value, isPlainSchema)
  }
}

function isPlainPartOfRule(value: unknown, field: string): boolean {
  return field === 'lock'
    ? isFunction(value) || isPlainLock(value)
    : field === 'emits' && isPlainEmits(value)
}

function isPlainLock(rule: unknown): boolean {
  return isPlainName(rule) || (hasOnly(rule, isPlainPartOfLock) && 'resource' in rule)
}

function isPlainPartOfLock(value: unknown, field: string): boolean {
  switch (field) {
    case 'resource':
    case 'label':
      return isPlainName(value)
    case 'timeoutMs':
      return typeof value === 'number' && value >= 0
    case 'mode':
      return value === 'exclusive' || value === 'shared'
    default:
      return field === 'onBusy' && (value === 'wait' || value === 'fail' || value === 'skip')
  }
}

function isPlainEmits(events: unknown): boolean {
  return isFunction(events) || (isPlainName(events) && !events.includes('*'))
}

function isPlainSchema(schema: unknown, type: string): boolean {
  const standard = (schema as Partial<StandardSchema> | null | undefined)?.['~standard']
  return isPlainEmits(type) && isFunction(standard?.validate)
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

/** Returns true for an object literal whose fields are all plain. */
function hasOnly(value: unknown, isPlain: IsPlain): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const [field, part] of Object.entries(value)) if (!isPlain(part, field)) return false
  return true
}
