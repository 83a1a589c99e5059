import { ERROR_CODES } from '../base/errors/error-codes.js'
import type { EventEnvelope } from '../events/contract/event-types.js'
import {
  EXIT_BUSY,
  EXIT_CONFIG,
  EXIT_REFUSED,
  EXIT_UNAVAILABLE,
} from '../base/errors/exit-codes.js'
import type { CliOpsOptions, CommandRule } from '../command/options/cli-ops-options.js'

/** The last outcomes of a command. */
export interface LastRun {
  /** When it last ran to its end. */
  at?: Date
  /** When it last held the lock on a resource, by the resource. */
  readonly heldAt: Map<unknown, Date>
  /** When it was last refused because of a wrong rule, URL or option. */
  misconfiguredAt?: Date
}

/** The last outcomes of a CLI's commands, by canonical path. */
export type LastRuns = ReadonlyMap<string, Readonly<LastRun>>

/** The commands of all CLIs found in the kept events, by the CLI's name. */
export type SeenCommands = ReadonlyMap<string, LastRuns>

/** The rules of one CLI, by command. */
export type CommandRules = NonNullable<CliOpsOptions['commands']>

/** Exit codes of a refused command, which ran nothing. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  EXIT_BUSY,
  EXIT_UNAVAILABLE,
  EXIT_REFUSED,
  EXIT_CONFIG,
])

/** Collects the commands that ran, from events in log order. */
export function seenCommands(events: readonly EventEnvelope[]): SeenCommands {
  const seen = new Map<string, Map<string, LastRun>>()
  for (const { type, time, data } of events) {
    if (type !== 'command:completed' && type !== 'command:failed') continue
    const { cli, command, lock } = (data ?? {}) as Readonly<Record<string, unknown>>
    if (typeof cli !== 'string' || typeof command !== 'string') continue
    const runs = seen.get(cli) ?? new Map<string, LastRun>()
    const run = runs.get(command) ?? { heldAt: new Map<unknown, Date>() }
    const at = new Date(time)
    if (isRefusedCommand(data)) {
      if ((data as { readonly exitCode?: unknown }).exitCode === EXIT_CONFIG)
        run.misconfiguredAt = at
    } else {
      run.at = at
      const { resource } = (lock ?? {}) as { readonly resource?: unknown }
      if (resource !== undefined) run.heldAt.set(resource, at)
    }
    runs.set(command, run)
    seen.set(cli, runs)
  }
  return seen
}

/** Returns whether a command was refused, from its last event's data. A program can itself exit with 75 without an error from the kit. */
export function isRefusedCommand(data: unknown): boolean {
  const { exitCode, error } = (data ?? {}) as Readonly<Record<string, unknown>>
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown }
  // A wrong rule is a `TypeError`.
  if (exitCode === EXIT_CONFIG && name === 'TypeError' && code === undefined) return true
  return REFUSALS.has(exitCode) && typeof code === 'string' && code in ERROR_CODES
}

/**
 * Returns when the rule of this key last held: when a command that it covers last held its lock or, if the rule names no lock, last ran.
 * `undefined` if the log has no such run.
 */
export function lastHeld(rules: CommandRules, key: string, runs: LastRuns): Date | undefined {
  const resource = resourceOf(rules[key])
  return latest(runs, (command, { at, heldAt }) => {
    const byName = ruleKeyOf(rules, command)
    // The log has only canonical names: a command without its own rule that held this rule's lock ran under an alias.
    const isCovered = byName === key || (resource !== undefined && (byName ?? '*') === '*')
    if (!isCovered) return undefined
    return resource === undefined ? at : heldAt.get(resource)
  })
}

/** Returns when a command that the rule of this key covers last ran, with or without its lock. */
export function lastRan(rules: CommandRules, key: string, runs: LastRuns): Date | undefined {
  return latest(runs, (command, { at }) => (ruleKeyOf(rules, command) === key ? at : undefined))
}

/** Returns when a command that the rule of this key covers was last refused with 78. */
export function lastMisconfigured(
  rules: CommandRules,
  key: string,
  runs: LastRuns,
): Date | undefined {
  return latest(runs, (command, { misconfiguredAt }) =>
    ruleKeyOf(rules, command) === key ? misconfiguredAt : undefined,
  )
}

/** Returns the resource of a rule's lock; `undefined` if it has none, or a function chooses it. */
export function resourceOf({ lock }: CommandRule = {}): string | undefined {
  const resource = typeof lock === 'object' ? lock.resource : lock
  return typeof resource === 'string' ? resource : undefined
}

function latest(
  runs: LastRuns,
  dateOf: (command: string, run: Readonly<LastRun>) => Date | undefined,
): Date | undefined {
  let last: Date | undefined
  for (const [command, run] of runs) {
    const date = dateOf(command, run)
    if (date !== undefined && (last === undefined || date > last)) last = date
  }
  return last
}

/** Returns the key of the rule for a command's canonical name; `undefined` if no rule covers it. */
export function ruleKeyOf(rules: CommandRules, command: string): string | undefined {
  const keys = [command, command.replaceAll(' ', ':'), '*']
  return keys.find((key) => Object.hasOwn(rules, key))
}
