import {
  assertEventType,
  assertLabel,
  assertName,
  assertSlots,
  parseDuration,
  type Slots,
} from '@cli-ops/shared-ipc/ops/wrap'

import { parseJson } from '../parse-json.js'
import { assertOnBusy, type OnBusy } from './on-busy.js'

/** The plan of a `cli-ops run`. */
export interface RunPlan {
  readonly resource: string
  readonly mode: 'exclusive' | 'shared'
  /** The slots: as many programs can run at once. */
  readonly slots: Slots | undefined
  /** Whether a newer run replaces this one in the queue. */
  readonly queue: 'all' | 'latest' | undefined
  /** What to do if the lock is busy. */
  readonly onBusy: OnBusy
  /** Whether to say nothing unless something fails. */
  readonly quiet: boolean
  /** How long a replaced program can take to end. Undefined: the kit's default. */
  readonly graceMs: number | undefined
  /** The purpose of the lock, for people. */
  readonly label: string | undefined
  /** Undefined: from the environment, else without limit. */
  readonly timeoutMs: number | undefined
  /** How long a program can continue after it was asked to end. Undefined: forever. */
  readonly killAfterMs: number | undefined
  readonly keepFor: 'child' | 'descendants'
  readonly event: PlannedEvent | undefined
}

/** The event emitted after a successful program. */
export interface PlannedEvent {
  readonly type: string
  /** Undefined: facts about the program's end. */
  readonly data: unknown
}

/** Parses the options of `run`. @throws TypeError naming the option, the rule and the value */
export function parseRunOptions(options: Readonly<Record<string, unknown>>): RunPlan {
  const { lock, shared, label, slots, queue, wait, grace, killAfter, emit } = options
  const { quiet, keepFor = 'child' } = options
  assertName('--lock', lock)
  if (label !== undefined) assertLabel('--label', label)
  const onBusy = parseOnBusy(options)
  return {
    resource: lock,
    mode: shared === true ? 'shared' : 'exclusive',
    slots: slots === undefined ? undefined : parseSlots(slots as string, shared === true),
    queue: parseQueue(queue),
    onBusy,
    quiet: quiet === true,
    graceMs: grace === undefined ? undefined : parseDuration('--grace', grace),
    label,
    timeoutMs:
      typeof wait === 'string'
        ? parseDuration('--wait', wait)
        : onBusy === 'fail' || onBusy === 'skip'
          ? 0
          : undefined,
    killAfterMs: killAfter === undefined ? undefined : parseDuration('--kill-after', killAfter),
    keepFor: parseKeepFor(keepFor),
    event: emit === undefined ? undefined : parseEvent(emit as string),
  }
}

/** A number is the number of slots, anything else a list of their names. */
function parseSlots(text: string, isShared: boolean): Slots {
  if (isShared) throw new TypeError('--slots cannot be combined with --shared')
  const slots = /^\d+$/u.test(text) ? Number(text) : text.split(',')
  assertSlots('--slots', slots)
  return slots
}

function parseQueue(value: unknown): RunPlan['queue'] {
  if (value === undefined || value === 'all' || value === 'latest') return value
  throw new TypeError(`--queue must be all or latest, got ${JSON.stringify(value)}`)
}

/** Join and replace need exactly one running program, and a wait that never happens has no limit. */
function parseOnBusy(options: Readonly<Record<string, unknown>>): OnBusy {
  const { onBusy: given, wait, grace, shared, slots, queue } = options
  const onBusy = given ?? (wait === false ? 'fail' : 'wait')
  assertOnBusy(onBusy)
  const excluded = {
    '--no-wait': wait === false && given !== undefined && onBusy !== 'fail',
    '--wait': typeof wait === 'string' && (onBusy === 'fail' || onBusy === 'skip'),
    '--shared': shared === true && isRun(onBusy),
    '--slots': slots !== undefined && isRun(onBusy),
    '--queue latest': queue === 'latest' && onBusy === 'join',
  }
  for (const [option, isExcluded] of Object.entries(excluded))
    if (isExcluded) throw new TypeError(`${option} cannot be combined with --on-busy ${onBusy}`)
  if (grace !== undefined && onBusy !== 'replace')
    throw new TypeError('--grace needs --on-busy replace')
  return onBusy
}

function isRun(onBusy: OnBusy): boolean {
  return onBusy === 'join' || onBusy === 'replace'
}

function parseKeepFor(value: unknown): RunPlan['keepFor'] {
  if (value === 'child') return value
  if (value !== 'descendants') {
    throw new TypeError(`--keep-for must be child or descendants, got ${JSON.stringify(value)}`)
  }
  if (process.platform === 'win32') {
    throw new TypeError('--keep-for must be child on Windows, got "descendants"')
  }
  return value
}

function parseEvent(text: string): PlannedEvent {
  const at = text.indexOf('=')
  const type = at < 0 ? text : text.slice(0, at)
  assertEventType(type, '--emit')
  return { type, data: at < 0 ? undefined : parseJson('--emit', text.slice(at + 1)) }
}
