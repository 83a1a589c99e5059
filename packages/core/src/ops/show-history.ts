import { hangingLines } from '../base/terminal/wrap-text.js'
import { closestName } from '../base/names/closest-name.js'
import { assertName } from '../base/names/assert-name.js'
import { jsonLine } from '../base/terminal/json-line.js'
import { parseSince } from '../base/terminal/parse-since.js'
import { textTable } from '../base/terminal/text-table.js'
import { describeDuration, describeElapsed } from '../base/terminal/units.js'
import { describeOwner } from '../locks/contract/describe-owner.js'
import { groupBy } from './group-by.js'
import type { LockTurn, TurnParty } from './lock-turns.js'
import type { OpsRun } from './ops-context.js'
import { readLockTurns } from './read-lock-turns.js'
import { commandKey, ENOUGH_RUNS, sumUp, type UsualDuration } from './usual-durations.js'
import { type WaitedFor, waitedFor } from './waited-for.js'

const DEFAULT_SINCE = '1d'
/** A request itself takes this long, so a shorter wait is not a wait. */
const WORTH_MS = 150
/** The JSON has all of them. */
const SHOWN_TURNS = 50
const SHOWN_SUMS = 5

/** How long a command usually holds a lock. */
interface UsualHold extends UsualDuration {
  readonly resource: string
  readonly holder: string
}

/** `history [resource]`: shows who held a lock, for how long, after which wait, and how that ended; usual durations; and who is waited for most. */
export const showHistory: OpsRun = async (context) => {
  const { args, options, print } = context
  const [resource] = args
  if (resource !== undefined) assertName('resource', resource)
  const since = parseSince('--since', options['since'] ?? DEFAULT_SINCE)
  const kept = await readLockTurns(context)
  const wanted = kept.filter((turn) => resource === undefined || turn.resource === resource)
  const turns = wanted.filter(({ time }) => time >= since)
  const usual = usualHolds(turns)
  const waited = waitedFor(turns)
  print(
    { since, turns, usual, waitedFor: waited },
    turns.length === 0
      ? nothingEnded(resource, since, { kept, last: wanted.at(-1) })
      : [turnTable(turns), usualText(usual), waitedText(waited)]
          .filter((part) => part !== '')
          .join('\n\n'),
  )
  return 0
}

function nothingEnded(
  resource: string | undefined,
  since: Date,
  { kept, last }: { readonly kept: readonly LockTurn[]; readonly last: LockTurn | undefined },
): string {
  const what = resource === undefined ? 'any lock' : jsonLine(resource)
  const nothing = `No process has held and released ${what} since ${timeText(since)}.`
  if (last !== undefined)
    return `${nothing} The last one before ended at ${timeText(last.time)}; --since shows earlier ones, such as --since 30d.`
  const meant = closestName(resource ?? '', [...new Set(kept.map((turn) => turn.resource))])
  return meant === undefined ? nothing : `${nothing} Did you mean ${jsonLine(meant)}?`
}

function usualHolds(turns: readonly LockTurn[]): readonly UsualHold[] {
  const ended = turns.filter(isWhole)
  const groups = groupBy(ended, ({ resource, holder }) =>
    JSON.stringify([resource, commandKey(holder.name, holder.command ?? '')]),
  )
  return [...groups]
    .map(([key, held]) => {
      const [resource, holder] = JSON.parse(key) as [string, string]
      return { resource, holder, ...sumUp(held.map(({ heldMs = 0 }) => heldMs)) }
    })
    .sort((one, other) => other.medianMs * other.runs - one.medianMs * one.runs)
}

/** A turn that was replaced or failed does not tell how long one takes. */
function isWhole({ outcome, heldMs, atMost, by, exitCode = 0, signal }: LockTurn): boolean {
  const isDone = atMost === undefined && by === undefined && exitCode === 0 && signal === undefined
  return outcome === 'released' && heldMs !== undefined && isDone
}

function turnTable(turns: readonly LockTurn[]): string {
  const shown = turns.slice(-SHOWN_TURNS)
  const left = turns.length - shown.length
  const table = textTable(
    ['ENDED', 'RESOURCE', 'HOLDER', 'WAITED', 'HELD', 'EXIT', 'HOW IT ENDED'],
    shown.map((turn) => [
      timeText(turn.time),
      turn.resource,
      describeParty(turn.holder, turn),
      (turn.waitedMs ?? 0) < WORTH_MS ? '-' : describeElapsed(turn.waitedMs ?? 0),
      heldText(turn),
      String(turn.signal ?? turn.exitCode ?? '-'),
      endText(turn),
    ]),
  )
  return left === 0 ? table : `${table}\n${left} earlier: --json lists them all`
}

function heldText({ heldMs, atMost }: LockTurn): string {
  if (heldMs === undefined) return '-'
  return atMost === true ? `at most ${describeElapsed(heldMs)}` : describeElapsed(heldMs)
}

function endText({ outcome, by, code }: LockTurn): string {
  if (outcome === 'forced')
    return by === undefined ? 'taken away' : `taken away by ${describeParty(by)}`
  if (outcome === 'released' && by !== undefined) return `replaced by ${describeParty(by)}`
  return outcome === 'refused' && code !== undefined ? `refused (${code})` : outcome
}

function describeParty(
  { name, command, pid = 0, host = '', user = '' }: TurnParty,
  { label, slot }: Pick<LockTurn, 'label' | 'slot'> = {},
): string {
  const owner = { name, pid, host, user, state: 'running', ...(command && { command }) } as const
  return describeOwner(owner, label, slot)
}

/** In UTC, to the second, as `events` prints times: `2026-11-28T14:03:27Z`. */
function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}

function usualText(usual: readonly UsualHold[]): string {
  return section(
    'Usually held',
    usual.map(({ resource, holder, medianMs, p90Ms, runs }) => {
      const within = describeDuration(p90Ms)
      const long =
        runs < ENOUGH_RUNS
          ? `${runs === 1 ? '' : 'up to '}${within}`
          : `${describeDuration(medianMs)}, 9 of 10 within ${within}`
      return `${jsonLine(resource)} by ${holder}: ${long}, ${times(runs)}`
    }),
  )
}

function waitedText(waited: readonly WaitedFor[]): string {
  return section(
    'Kept others waiting',
    waited.map(
      ({ resource, holder, waitedMs, waits }) =>
        `${holder}, holding ${jsonLine(resource)}: ${describeElapsed(waitedMs)} in all, ${times(waits)}`,
    ),
  )
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return [
    `${title}:`,
    ...lines.slice(0, SHOWN_SUMS).flatMap((line) => hangingLines('  ', line)),
  ].join('\n')
}
