import { readFileSync, statSync } from 'node:fs'

import { packageBinOf } from '../command/host/cli-name.js'
import type { CommandTree } from '../command/host/host-command.js'
import type { CommandRule } from '../command/options/cli-ops-options.js'
import { homeConfigPath } from '../engine/home-config-file.js'
import { closestName } from '../base/names/closest-name.js'
import { textAge } from '../base/terminal/units.js'
import { type Check, failure, type Finding, ok, warning } from './finding.js'
import { keptEvents } from './kept-events.js'
import type { OpsContext } from './ops-context.js'
import { opsLine } from './ops-line.js'
import { judgeKey, UNKNOWN_TREE } from './own-rules.js'
import {
  type CommandRules,
  lastHeld,
  lastMisconfigured,
  lastRan,
  type LastRuns,
  resourceOf,
  ruleKeyOf,
  type SeenCommands,
  seenCommands,
} from './rule-history.js'

/**
 * Reports when each rule in `config.json`, and each of the calling CLI's own, last held, according to the kept events. Another check
 * reports an unreadable file.
 */
export const checkRules: Check = async (context) => {
  const file = homeConfigPath(context.connection.home)
  const configured = readRules(file)
  const { own, names } = ownNames(context, configured)
  const clis = Object.entries({
    ...configured,
    ...(own !== undefined && { [own]: { ...context.own?.commands, ...configured[own] } }),
  }).filter(([, rules]) => Object.keys(rules).length > 0)
  const fault = context.own?.fault
  const faults =
    fault === undefined
      ? []
      : [failure(fault.message, `correct it; until then no command of ${own ?? 'it'} runs (78)`)]
  if (clis.length === 0) return faults.length > 0 ? faults : ok('none in config.json')
  const seen = seenCommands(await keptEvents(context, 'command:*', 'earliest'))
  const known = clis.map(([cli]) => cli)
  const changedAt = statSync(file, { throwIfNoEntry: false })?.mtime
  const found = clis.flatMap(([cli, rules]) => {
    const isOwn = cli === own
    const runs = seen.get((isOwn && names.find((name) => seen.has(name))) || cli)
    if (runs === undefined && !isOwn)
      return [unseenCli(cli, rules, otherNames(seen, known), context)]
    return Object.keys(rules).map((key) =>
      judgeRule({
        cli,
        rules,
        key,
        runs: runs ?? new Map(),
        changedAt: Object.hasOwn(configured[cli] ?? {}, key) ? changedAt : undefined,
        tree: (isOwn ? context.own?.tree : undefined) ?? UNKNOWN_TREE,
        context,
      }),
    )
  })
  return [...faults, ...found]
}

/** A rule and the facts to check it against. */
interface KnownRule {
  readonly cli: string
  readonly rules: CommandRules
  readonly key: string
  readonly runs: LastRuns
  /** When `config.json` was last changed; `undefined` for a rule that is not in it. */
  readonly changedAt: Date | undefined
  readonly tree: CommandTree
  readonly context: OpsContext
}

/** Returns the calling CLI's name in `config.json`, else in its package, and all its names. */
function ownNames(
  { own }: OpsContext,
  configured: Readonly<Record<string, CommandRules>>,
): { readonly own?: string; readonly names: readonly string[] } {
  if (own === undefined) return { names: [] }
  const bin = packageBinOf(process.argv[1])
  const names = [...(bin === undefined ? [] : [bin.name]), own.name, ...(bin?.names ?? [])]
  return { own: names.find((name) => Object.hasOwn(configured, name)) ?? names[0] ?? '', names }
}

function judgeRule(known: KnownRule): Finding {
  const { cli, rules, key, runs, changedAt, tree, context } = known
  const rule = describeRule(cli, key, rules[key] ?? {})
  const named = judgeKey(key, rules, cli, tree)
  if (typeof named === 'object' && 'wrong' in named) return failure(named.wrong, named.remedy)
  const held = lastHeld(rules, key, runs)
  const misconfigured = lastMisconfigured(rules, key, runs)
  const again = `then "${opsLine(context.program, 'doctor')}" again`
  if (misconfigured !== undefined && !(held !== undefined && held > misconfigured)) {
    const when = textAge(misconfigured)
    return warning(`${rule}: refused ${when} ago (78)`, `run the command: it says why; ${again}`)
  }
  if (held !== undefined) {
    const doubt =
      changedAt !== undefined && held < changedAt ? ', before config.json was last changed' : ''
    return ok(`${rule}: last held ${textAge(held)} ago${doubt}`)
  }
  const ran = lastRan(rules, key, runs)
  if (ran !== undefined && changedAt !== undefined && ran < changedAt)
    return warning(
      `${rule}: not run since config.json was last changed`,
      `run the command once, ${again}`,
    )
  if (ran !== undefined)
    return warning(
      `${rule}: ran ${textAge(ran)} ago without taking the lock`,
      `if it did not run inside another command that holds the lock, run it once, ${again}`,
    )
  if (named !== 'unknown') return ok(`${rule}: not run yet`)
  // Commands with their own rule are not candidates.
  const open = [...runs.keys()].filter((command) =>
    [undefined, '*'].includes(ruleKeyOf(rules, command)),
  )
  const meant = key === '*' ? undefined : closestName(key, open)
  return meant === undefined
    ? warning(`${rule}: never seen`, `run the command once, ${again}`)
    : warning(
        `${rule}: never seen; did you mean "${meant}", which ran ${textAge(runs.get(meant)?.at ?? new Date())} ago?`,
        'name the command in config.json as the CLI itself does',
      )
}

function unseenCli(
  cli: string,
  rules: CommandRules,
  others: readonly string[],
  { program }: OpsContext,
): Finding {
  const [key = '*'] = Object.keys(rules)
  const count = Object.keys(rules).length
  const rule = count === 1 ? describeRule(cli, key, rules[key] ?? {}) : `${cli}: ${count} rules`
  const meant = closestName(cli, others)
  return meant === undefined
    ? warning(
        `${rule}: never seen`,
        `"cli-ops attach ${cli}" checks that "${cli}" has the plugin; or run it once, then "${opsLine(program, 'doctor')}" again`,
      )
    : warning(
        `${rule}: "${cli}" was never seen; did you mean "${meant}"?`,
        'name the CLI in config.json as it calls itself',
      )
}

function otherNames(seen: SeenCommands, known: readonly string[]): readonly string[] {
  return [...seen.keys()].filter((name) => !known.includes(name))
}

function describeRule(cli: string, key: string, rule: CommandRule): string {
  const { lock, emits } = rule
  const resource = resourceOf(rule)
  const parts = [
    ...(resource === undefined ? [] : [`lock "${resource}"`]),
    ...(typeof lock === 'function' ? ['a lock by its arguments'] : []),
    ...(typeof emits === 'string' ? [`emits "${emits}"`] : []),
    ...(typeof emits === 'function' ? ['emits events'] : []),
  ]
  return `${cli} "${key}" (${parts.join(', ') || 'empty'})`
}

function readRules(file: string): Readonly<Record<string, CommandRules>> {
  try {
    const { clis } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly clis: Readonly<Record<string, { readonly commands?: CommandRules }>>
    }
    return Object.fromEntries(
      Object.entries(clis).map(([cli, { commands = {} }]) => [cli, commands]),
    )
  } catch {
    return {}
  }
}
