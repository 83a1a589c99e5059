import { ERROR_CODES } from '../base/errors/error-codes.js'
import type { EventEnvelope } from '../events/contract/event-types.js'
import {
  EXIT_BUSY,
  EXIT_CONFIG,
  EXIT_REFUSED,
  EXIT_UNAVAILABLE,
} from '../command/host/exit-codes.js'
import type { CliOpsOptions, CommandRule } from '../command/options/cli-ops-options.js'

/** The last time that a command ran to its end. */
export interface LastRun {
  readonly at: Date
  /** What its lock was on. */
  readonly resource: unknown
}

/** When each command of a CLI last ran to its end, by its canonical path. */
export type LastRuns = ReadonlyMap<string, LastRun>

/** What the kept events tell of the commands of all CLIs, by the CLI's name. */
export type SeenCommands = ReadonlyMap<string, LastRuns>

/** The rules of one CLI, by command. */
export type CommandRules = NonNullable<CliOpsOptions['commands']>

/** Exit codes of a command that was refused: nothing of it ran. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  EXIT_BUSY,
  EXIT_UNAVAILABLE,
  EXIT_REFUSED,
  EXIT_CONFIG,
])

/** Sums up which commands ran, from events in the order of the log. */
export function seenCommands(events: readonly EventEnvelope[]): SeenCommands {
  const seen = new Map<string, Map<string, LastRun>>()
  for (const { type, time, data } of events) {
    if (type !== 'command:completed' && type !== 'command:failed') continue
    const { cli, command, lock } = (data ?? {}) as Readonly<Record<string, unknown>>
    if (typeof cli !== 'string' || typeof command !== 'string') continue
    if (isRefusedCommand(data)) continue
    const runs = seen.get(cli) ?? new Map<string, LastRun>()
    const { resource } = (lock ?? {}) as { readonly resource?: unknown }
    runs.set(command, { at: new Date(time), resource })
    seen.set(cli, runs)
  }
  return seen
}

/** Tells from the data of its last event whether a command was refused. A program may itself end with 75, without an error of the kit. */
export function isRefusedCommand(data: unknown): boolean {
  const { exitCode, error } = (data ?? {}) as Readonly<Record<string, unknown>>
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return REFUSALS.has(exitCode) && typeof code === 'string' && code in ERROR_CODES
}

/** When the rule of this key last held for a command that ran; `undefined` where none is in the log. */
export function lastHeld(rules: CommandRules, key: string, runs: LastRuns): Date | undefined {
  let last: Date | undefined
  for (const [command, { at, resource }] of runs) {
    const byName = ruleKeyOf(rules, command)
    const hasNone = byName === undefined || byName === '*'
    if (byName !== key && !(hasNone && isLockOf(rules[key], resource))) continue
    if (last === undefined || at > last) last = at
  }
  return last
}

/** The log has canonical names only: a command without a rule of its name that held this rule's lock has it by an alias. */
function isLockOf({ lock }: CommandRule = {}, resource: unknown): boolean {
  return resource !== undefined && resource === (typeof lock === 'object' ? lock.resource : lock)
}

/** The key of the rule for a command, by its canonical name; `undefined` where no rule covers it. */
export function ruleKeyOf(rules: CommandRules, command: string): string | undefined {
  const keys = [command, command.replaceAll(' ', ':'), '*']
  return keys.find((key) => Object.hasOwn(rules, key))
}
