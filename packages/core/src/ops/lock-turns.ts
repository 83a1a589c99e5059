import type { StoredEvent } from '../events/contract/event-types.js'
import type { LockParty } from '../events/standard-events.js'
import { definite } from '../base/validation/definite.js'
import { isObject } from '../base/validation/is-object.js'
import { instanceOf } from '../locks/contract/lock-id.js'

/** How a lock's turn ended, or why it never began. */
export type TurnOutcome =
  'released' | 'lost' | 'forced' | 'killed' | 'refused' | 'skipped' | 'joined' | 'superseded'

/** One process's finished turn with a lock, or its finished wait for one. */
export interface LockTurn {
  readonly resource: string
  readonly outcome: TurnOutcome
  /** When it ended. */
  readonly time: Date
  readonly holder: TurnParty
  /** Id of the grant; absent if there was none. */
  readonly id?: string
  readonly label?: string
  readonly slot?: string
  readonly waitedMs?: number
  /** How long it was held, in milliseconds. */
  readonly heldMs?: number
  /** The end was noticed later, as of a killed holder, so it was held for `heldMs` at most. */
  readonly atMost?: true
  /** The process that took the lock away, or replaced the run. */
  readonly by?: TurnParty
  /** Why the lock was not acquired: `LOCK_TIMEOUT`, … */
  readonly code?: string
  /** Exit code of the command or program; absent if a signal ended it, or if nobody knows. */
  readonly exitCode?: number
  /** The signal that ended it. */
  readonly signal?: string
}

/** A process in a history. A command's own event gives only its name and command. */
export type TurnParty = Pick<LockParty, 'name'> & {
  readonly [Key in 'command' | 'host' | 'user']?: string
} & { readonly pid?: number }

/** Assembles the turns of locks from ordered events. Events come from other processes, so malformed ones are skipped. */
export function lockTurns(events: readonly StoredEvent[]): readonly LockTurn[] {
  const turns: LockTurn[] = []
  const killed = killedIn(events)
  const kept = keptIn(events)
  const ended = new Map<string, number>()
  for (const event of events) {
    const turn = afterDescendants(turnOf(event), kept)
    if (turn === undefined || isToldAlready(event, turn, killed)) continue
    const at = turn.id === undefined ? undefined : ended.get(turn.id)
    // A holder whose lock was taken reports its end as well, and a death can be noticed twice; the turn ended earlier.
    if (at !== undefined) {
      turns[at] = { ...turn, ...turns[at] }
      continue
    }
    if ((turn.outcome === 'forced' || turn.atMost === true) && turn.id !== undefined)
      ended.set(turn.id, turns.length)
    turns.push(turn)
  }
  return turns
}

/** How programs ended whose descendants kept their locks, by the grant's id. */
function keptIn(events: readonly StoredEvent[]): ReadonlyMap<string, Partial<LockTurn>> {
  const kept = events.flatMap(({ type, data }): [string, Partial<LockTurn>][] => {
    if (type !== 'lock:kept' || !isObject(data)) return []
    const { id, waitedMs } = factsOf(data) ?? {}
    return id === undefined ? [] : [[id, { ...definite({ waitedMs }), ...endOf(data) }]]
  })
  return new Map(kept)
}

/** Nobody reports the end of a last descendant: it looks like a killed holder's. */
function afterDescendants(
  turn: LockTurn | undefined,
  kept: ReadonlyMap<string, Partial<LockTurn>>,
): LockTurn | undefined {
  const program = kept.get(turn?.id ?? '')
  if (turn === undefined || program === undefined) return turn
  return { ...turn, ...program, outcome: turn.outcome === 'killed' ? 'released' : turn.outcome }
}

/** The holders that are known to have been killed, as `<instance> <resource>`. */
function killedIn(events: readonly StoredEvent[]): ReadonlySet<string> {
  const killed = events.flatMap(({ type, data }) => {
    if (type !== 'lock:killed' || !isObject(data)) return []
    const { id, resource } = data
    return typeof id === 'string' ? [`${instanceOf(id)} ${String(resource)}`] : []
  })
  return new Set(killed)
}

/** The event of a killed command knows only what its rule asked for. Of one that held the lock, the lock itself tells more. */
function isToldAlready(
  { type, data }: StoredEvent,
  { outcome, id, resource }: LockTurn,
  killed: ReadonlySet<string>,
): boolean {
  if (type !== 'command:failed' || outcome !== 'killed' || id !== undefined) return false
  return isObject(data) && killed.has(`${String(data['instance'])} ${resource}`)
}

function turnOf({ type, time, data }: StoredEvent): LockTurn | undefined {
  const at = new Date(time)
  if (!isObject(data) || Number.isNaN(at.getTime())) return undefined
  if (type === 'command:completed' || type === 'command:failed') return commandTurn(at, data)
  const outcome = LOCK_OUTCOMES.get(type)
  if (outcome === undefined) return undefined
  const owner = partyOf(data['owner']) ?? (outcome === 'forced' ? UNKNOWN : undefined)
  const facts = factsOf(data)
  if (owner === undefined || facts === undefined) return undefined
  const { code, by } = data
  return {
    ...facts,
    outcome: outcome === 'refused' ? refusedOutcome(textOf(code), data['skipped']) : outcome,
    time: at,
    holder: owner,
    ...endOf(data),
    ...(outcome === 'killed' && { atMost: true }),
    ...definite({ by: partyOf(by), code: textOf(code) }),
  }
}

const UNKNOWN: TurnParty = { name: 'unknown' }

const LOCK_OUTCOMES: ReadonlyMap<string, TurnOutcome> = new Map([
  ['lock:released', 'released'],
  ['lock:lost', 'lost'],
  ['lock:killed', 'killed'],
  ['lock:forced', 'forced'],
  ['lock:refused', 'refused'],
])

function commandTurn(time: Date, data: Readonly<Record<string, unknown>>): LockTurn | undefined {
  const { cli, command, exitCode, error, lock } = data
  const facts = isObject(lock) ? factsOf(lock) : undefined
  if (facts === undefined || typeof cli !== 'string' || typeof command !== 'string')
    return undefined
  const code = textOf(isObject(error) ? error['code'] : isObject(lock) ? lock['code'] : undefined)
  const holder = { name: cli, ...(command !== '' && { command }) }
  const outcome = commandOutcome(facts, exitCode, code)
  const refusal = facts.id === undefined ? definite({ code }) : {}
  return { ...facts, outcome, time, holder, ...endOf(data), ...refusal }
}

function commandOutcome(
  { id }: Pick<LockTurn, 'id'>,
  exitCode: unknown,
  code: string | undefined,
): TurnOutcome {
  if (exitCode === null) return 'killed'
  if (id !== undefined) return code === 'LOCK_LOST' ? 'lost' : 'released'
  return refusedOutcome(code, exitCode === 0)
}

function refusedOutcome(code: string | undefined, isSkipped: unknown): TurnOutcome {
  if (code === 'LOCK_SUPERSEDED') return 'superseded'
  if (code === 'RUN_JOINED') return 'joined'
  return isSkipped === true ? 'skipped' : 'refused'
}

type TurnFacts = Pick<LockTurn, 'resource' | 'id' | 'label' | 'slot' | 'waitedMs' | 'heldMs'>

function factsOf(value: Readonly<Record<string, unknown>>): TurnFacts | undefined {
  const { resource, id, label, slot, waitedMs, heldMs } = value
  if (typeof resource !== 'string') return undefined
  const texts = { id: textOf(id), label: textOf(label), slot: textOf(slot) }
  return { resource, ...definite({ ...texts, waitedMs: spanOf(waitedMs), heldMs: spanOf(heldMs) }) }
}

function endOf({ exitCode, signal }: Readonly<Record<string, unknown>>) {
  const code = typeof exitCode === 'number' ? exitCode : undefined
  return definite({ exitCode: code, signal: textOf(signal) })
}

function partyOf(value: unknown): TurnParty | undefined {
  if (!isObject(value)) return undefined
  const { name, pid, host, user, command } = value
  if (typeof name !== 'string') return undefined
  const texts = { host: textOf(host), user: textOf(user), command: textOf(command) }
  return { name, ...definite({ ...texts, pid: spanOf(pid) }) }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function spanOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined
}
