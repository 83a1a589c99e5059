import type { EventEnvelope } from '../events/contract/event-types.js'
import { isRefusedCommand } from './rule-history.js'

/** How long the runs of a command took that came to their end. */
export interface UsualDuration {
  /** Milliseconds within which half of them ended. */
  readonly medianMs: number
  /** Milliseconds within which nine of ten ended. */
  readonly p90Ms: number
  /** Number of runs that this is taken from. */
  readonly runs: number
}

/** More runs than this say nothing new, and older ones are of another time. */
const LAST_RUNS = 100

/** Sums up how long each command usually takes, from events in the order of the log; the key is {@link commandKey}. */
export function usualDurations(
  events: readonly EventEnvelope[],
): ReadonlyMap<string, UsualDuration> {
  const durations = new Map<string, number[]>()
  for (const { type, data } of events) {
    if (type !== 'command:completed') continue
    const { cli, command, durationMs } = (data ?? {}) as Readonly<Record<string, unknown>>
    if (typeof cli !== 'string' || typeof command !== 'string') continue
    if (typeof durationMs !== 'number' || !(durationMs >= 0) || isRefusedCommand(data)) continue
    const key = commandKey(cli, command)
    const runs = durations.get(key) ?? []
    runs.push(durationMs)
    durations.set(key, runs)
  }
  return new Map([...durations].map(([key, runs]) => [key, sumUp(runs.slice(-LAST_RUNS))]))
}

/** What tells the commands of all CLIs apart. */
export function commandKey(cli: string, command: string): string {
  return `${cli} ${command}`.trimEnd()
}

function sumUp(runs: readonly number[]): UsualDuration {
  const sorted = runs.toSorted((one, other) => one - other)
  const within = (share: number): number =>
    sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
  return { medianMs: within(0.5), p90Ms: within(0.9), runs: sorted.length }
}
