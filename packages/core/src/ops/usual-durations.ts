import type { StoredEvent } from '../events/contract/event-types.js'
import { isObject } from '../base/validation/is-object.js'
import { isRefusedCommand } from './rule-history.js'

/** How long a command's completed runs took. */
export interface UsualDuration {
  /** Milliseconds within which half of them ended. */
  readonly medianMs: number
  /** Milliseconds within which nine of ten ended. */
  readonly p90Ms: number
  /** Number of runs measured. */
  readonly runs: number
}

/** Fewer runs than this have no ninth of ten. */
export const ENOUGH_RUNS = 10
/** More runs add nothing, and older ones are out of date. */
const LAST_RUNS = 100

/**
 * Returns how long each command usually holds each lock, from events in log order. Keys are {@link turnKey}. A command whose event names
 * no lock counts with its own duration.
 */
export function usualDurations(events: readonly StoredEvent[]): ReadonlyMap<string, UsualDuration> {
  const durations = new Map<string, number[]>()
  for (const { type, data } of events) {
    const run = isObject(data) ? runOf(type, data) : undefined
    if (run === undefined) continue
    const runs = durations.get(run.key) ?? []
    runs.push(run.durationMs)
    durations.set(run.key, runs)
  }
  return new Map([...durations].map(([key, runs]) => [key, sumUp(runs.slice(-LAST_RUNS))]))
}

/** A completed run of a command, or of a program under `cli-ops run`. */
function runOf(
  type: string,
  data: Readonly<Record<string, unknown>>,
): { readonly key: string; readonly durationMs: number } | undefined {
  const { owner, by, exitCode = 0, signal } = data
  // A run that was replaced or failed did not complete.
  const isWhole = by === undefined && exitCode === 0 && signal === undefined
  const isRun = type === 'lock:released' && isObject(owner) && isWhole
  if (!isRun && (type !== 'command:completed' || isRefusedCommand(data))) return undefined
  const { cli, command = '' } = isRun ? { cli: owner['name'], command: owner['command'] } : data
  const lock = isRun ? data : data['lock']
  const { resource, heldMs } = isObject(lock) ? lock : { resource: undefined, heldMs: undefined }
  const durationMs = heldMs ?? data['durationMs']
  if (typeof cli !== 'string' || typeof command !== 'string') return undefined
  if (typeof durationMs !== 'number' || !(durationMs >= 0)) return undefined
  const name = typeof resource === 'string' ? resource : undefined
  return { key: turnKey(commandKey(cli, command), name), durationMs }
}

/** What tells the turns of a command with one lock from those with others. */
export function turnKey(command: string, resource: string | undefined): string {
  return JSON.stringify([command, resource])
}

/** Identifies a command among those of all CLIs. */
export function commandKey(cli: string, command: string): string {
  return `${cli} ${command}`.trimEnd()
}

/** Summarises durations in milliseconds. */
export function sumUp(runs: readonly number[]): UsualDuration {
  const sorted = runs.toSorted((one, other) => one - other)
  const within = (share: number): number =>
    sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
  return { medianMs: within(0.5), p90Ms: within(0.9), runs: sorted.length }
}
