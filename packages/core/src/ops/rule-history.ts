import { ERROR_CODES } from '../base/errors/error-codes.js'
import type { EventEnvelope } from '../events/contract/event-types.js'
import {
  EXIT_BUSY,
  EXIT_CONFIG,
  EXIT_REFUSED,
  EXIT_UNAVAILABLE,
} from '../command/host/exit-codes.js'
import type { CliOpsOptions, CommandRule } from '../command/options/cli-ops-options.js'

/** The last time a command ran to its end. */
export interface LastRun {
  readonly at: Date
  /** The resource that it locked. */
  readonly resource: unknown
}

/** When each command of a CLI last ran to its end, by its canonical path. */
export type LastRuns = ReadonlyMap<string, LastRun>

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
    if (isRefusedCommand(data)) continue
    const runs = seen.get(cli) ?? new Map<string, LastRun>()
    const { resource } = (lock ?? {}) as { readonly resource?: unknown }
    runs.set(command, { at: new Date(time), resource })
    seen.set(cli, runs)
  }
  return seen
}

/** Returns whether a command was refused, from its last event's data. A program can itself exit with 75 without an error from the kit. */
export function isRefusedCommand(data: unknown): boolean {
  const { exitCode, error } = (data ?? {}) as Readonly<Record<string, unknown>>
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return REFUSALS.has(exitCode) && typeof code === 'string' && code in ERROR_CODES
}

/** Returns when the rule of this key last held for a command that ran; `undefined` if the log has none. */
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

/** The log has only canonical names: a command without its own rule that held this rule's lock ran under an alias. */
function isLockOf({ lock }: CommandRule = {}, resource: unknown): boolean {
  return resource !== undefined && resource === (typeof lock === 'object' ? lock.resource : lock)
}

/** Returns the key of the rule for a command's canonical name; `undefined` if no rule covers it. */
export function ruleKeyOf(rules: CommandRules, command: string): string | undefined {
  const keys = [command, command.replaceAll(' ', ':'), '*']
  return keys.find((key) => Object.hasOwn(rules, key))
}
