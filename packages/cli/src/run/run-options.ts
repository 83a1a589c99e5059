import {
  assertEventType,
  assertLabel,
  assertName,
  assertSlots,
  parseDuration,
  type Slots,
} from '@cli-ops/shared-ipc/ops/wrap'

import { parseJson } from '../parse-json.js'

/** What `cli-ops run` is to do. */
export interface RunPlan {
  readonly resource: string
  readonly mode: 'exclusive' | 'shared'
  /** As many programs at once, each with one of these. */
  readonly slots: Slots | undefined
  /** Whether a newer one takes the place of this one in the queue. */
  readonly queue: 'all' | 'latest' | undefined
  /** What is done where the lock is not free. */
  readonly onBusy: OnBusy
  /** How long one that is to be replaced may take to end. Undefined: as long as the kit says. */
  readonly graceMs: number | undefined
  /** What the lock is for, for people. */
  readonly label: string | undefined
  /** Undefined: as the environment says, else without limit. */
  readonly timeoutMs: number | undefined
  /** How long a program may go on that was asked to end. Undefined: for ever. */
  readonly killAfterMs: number | undefined
  readonly keepFor: 'child' | 'descendants'
  readonly event: PlannedEvent | undefined
}

/** What is done where the lock is not free. */
export type OnBusy = (typeof ON_BUSY)[number]

const ON_BUSY = ['wait', 'fail', 'skip', 'join', 'replace'] as const

/** The event that follows a program which ended well. */
export interface PlannedEvent {
  readonly type: string
  /** Undefined: how the program ended. */
  readonly data: unknown
}

/** Reads the options of `run`. @throws TypeError naming the option, the rule and the value */
export function parseRunOptions(options: Readonly<Record<string, unknown>>): RunPlan {
  const { lock, shared, label, slots, queue, wait, grace, killAfter, emit } = options
  const { keepFor = 'child' } = options
  assertName('--lock', lock)
  if (label !== undefined) assertLabel('--label', label)
  const onBusy = parseOnBusy(options)
  return {
    resource: lock,
    mode: shared === true ? 'shared' : 'exclusive',
    slots: slots === undefined ? undefined : parseSlots(slots as string, shared === true),
    queue: parseQueue(queue),
    onBusy,
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

/** A number is how many there are, anything else a list of their names. */
function parseSlots(text: string, isShared: boolean): Slots {
  if (isShared) throw new TypeError('--slots and --shared must not be given together')
  const slots = /^\d+$/u.test(text) ? Number(text) : text.split(',')
  assertSlots('--slots', slots)
  return slots
}

function parseQueue(value: unknown): RunPlan['queue'] {
  if (value === undefined || value === 'all' || value === 'latest') return value
  throw new TypeError(`--queue must be all or latest, got ${JSON.stringify(value)}`)
}

/** There has to be one program that runs, and what is not waited for has no time. */
function parseOnBusy(options: Readonly<Record<string, unknown>>): OnBusy {
  const { onBusy: given, wait, grace, shared, slots, queue } = options
  const onBusy = given ?? (wait === false ? 'fail' : 'wait')
  if (!isOnBusy(onBusy))
    throw new TypeError(
      `--on-busy must be one of ${ON_BUSY.join(', ')}, got ${JSON.stringify(onBusy)}`,
    )
  const excluded = {
    '--no-wait': wait === false && given !== undefined && onBusy !== 'fail',
    '--wait': typeof wait === 'string' && (onBusy === 'fail' || onBusy === 'skip'),
    '--shared': shared === true && isRun(onBusy),
    '--slots': slots !== undefined && isRun(onBusy),
    '--queue latest': queue === 'latest' && onBusy === 'join',
    '--grace': grace !== undefined && onBusy !== 'replace',
  }
  for (const [option, isExcluded] of Object.entries(excluded))
    if (isExcluded) throw new TypeError(`${option} must not be given with --on-busy ${onBusy}`)
  return onBusy
}

function isOnBusy(value: unknown): value is OnBusy {
  return ON_BUSY.some((known) => known === value)
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
