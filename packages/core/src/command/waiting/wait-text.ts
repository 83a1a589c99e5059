import { greatestWidth, cutText } from '../../base/terminal/cut-text.js'
import { ordinal } from '../../base/terminal/ordinal.js'
import { printable } from '../../base/terminal/printable.js'
import { describeDuration, describeElapsed } from '../../base/terminal/units.js'
import {
  describeClosed,
  describeHolder,
  describeOwner,
  describeProgram,
  describeRest,
} from '../../locks/contract/describe-owner.js'
import type { LockInfo } from '../../locks/contract/lock-types.js'

/** What the caller knows about the waiter. */
export interface WaitFacts {
  readonly waitedMs: number
  /** The process whose queue position is shown. */
  readonly pid: number
}

/** A terminal line: its sender, and its maximum width in columns. */
export interface LineFrame {
  readonly name: string
  readonly width: number
}

/** Shorter waits do not show their duration. */
const LONG_MS = 1_000
/** A resource is not cut shorter than this. */
const SHORTEST_RESOURCE = 6

/**
 * Describes whom a wait is for: `waiting for "db", held for 12 s by cli-beta sync (pid 4242, dev@build-7)`. If others are ahead, or
 * after a second, queue position and time come first: `waiting for "db", 2nd in line, 1 min 12 s, held for …`. If nobody holds it,
 * the engine may not grant it yet.
 */
export function waitText(info: LockInfo, facts: WaitFacts): string {
  const words = [
    `waiting for ${JSON.stringify(info.resource)}`,
    ...standing(info, facts, ' in line'),
  ]
  if (info.closedUntil !== undefined)
    return `${words.join(', ')}: ${describeClosed(info.closedUntil)}`
  return [...words, describeHolder(info)].join(', ')
}

/**
 * Returns the same as one line that fits: `db: 2nd in line, 1 min 12 s — held 4 min by cli-beta sync (pid 4242, dev@build-7)` if the
 * sentence does not. The CLI's own name goes first, then dispensable words; the holder is shortened last, to its name.
 */
export function fittedWaitLine(
  info: LockInfo,
  facts: WaitFacts,
  { name, width }: LineFrame,
): string {
  const fits = (line: string): boolean => greatestWidth(line) <= width
  const lines = [`${name}: ${waitText(info, facts)}`, ...shorterLines(info, facts, name)].map(
    printable,
  )
  const shortest = lines.at(-1) ?? ''
  return lines.find(fits) ?? cutLine(printable(info.resource), shortest, width)
}

/** Shorter versions, to try in order. */
function shorterLines(info: LockInfo, facts: WaitFacts, name: string): string[] {
  const long = [info.resource, standing(info, facts, ' in line').join(', ')]
    .filter(Boolean)
    .join(': ')
  const short = [info.resource, standing(info, facts, '').join(', ')].filter(Boolean).join(': ')
  if (info.closedUntil !== undefined) {
    const words = `not granted for another ${describeRest(info.closedUntil)}`
    return [`${long} — ${words}: new engine, or lost records`, `${long} — ${words}`, long]
  }
  const held = heldWords(info)
  const [full = '', ...shorter] = holderWords(info)
  return [
    `${name}: ${long} — ${held} ${full}`,
    `${long} — ${held} ${full}`,
    `${short} — ${held} ${full}`,
    ...[full, ...shorter].map((holder) => `${short} — ${holder}`),
  ]
}

/** Shortens the resource to make the line fit, as long as it can be told from others. */
function cutLine(resource: string, line: string, width: number): string {
  // The ellipsis counts as wide.
  const tooMuch = greatestWidth(line) - width
  const kept = Math.max(SHORTEST_RESOURCE, greatestWidth(resource) - tooMuch - 1)
  const cut = cutText(resource, kept, greatestWidth) + line.slice(resource.length)
  return cutText(cut, width, greatestWidth)
}

/** The queue position, and the time waited. */
function standing(info: LockInfo, { waitedMs, pid }: WaitFacts, inLine: string): string[] {
  const position = info.queue?.position ?? positionOf(info, pid)
  const isLong = waitedMs >= LONG_MS
  return [
    position > 1 || (isLong && position === 1) ? ordinal(position) + inLine : '',
    isLong ? describeElapsed(waitedMs) : '',
  ].filter((fact) => fact !== '')
}

/** Returns 0 if the process is not in the queue. */
function positionOf({ waiters }: LockInfo, pid: number): number {
  return waiters.findIndex((waiter) => waiter.pid === pid) + 1
}

function heldWords({ id, since }: LockInfo): string {
  return id === '' ? 'next is' : `held ${describeDuration(Date.now() - since.getTime())} by`
}

/** The holder, ever shorter: everything known, without its machine, without its process, only its name. */
function holderWords({ owner, holders, waiting, id }: LockInfo): string[] {
  const { label, slot } = (id === '' ? undefined : holders[0]) ?? {
    label: waiting[0]?.label,
    slot: undefined,
  }
  const others = Math.max(0, holders.length - 1)
  const more = others === 0 ? '' : ` and ${others} ${others === 1 ? 'other' : 'others'}`
  return [
    describeOwner(owner, label, slot),
    describeOwner({ ...owner, user: '', host: '' }, label, slot),
    describeProgram(owner, label),
    describeProgram(owner),
    owner.name,
  ].map((words) => words + more)
}
