import { readFileSync, statSync } from 'node:fs'

import type { CommandRule } from '../command/options/cli-ops-options.js'
import { homeConfigPath } from '../engine/home-config-file.js'
import { closestName } from '../base/names/closest-name.js'
import { textAge } from '../base/terminal/units.js'
import { type Check, type Finding, ok, warning } from './finding.js'
import { keptEvents } from './kept-events.js'
import type { OpsContext } from './ops-context.js'
import {
  type CommandRules,
  lastHeld,
  type LastRuns,
  ruleKeyOf,
  type SeenCommands,
  seenCommands,
} from './rule-history.js'

/** Reports when each rule in `config.json` last held, according to the kept events. Another check reports an unreadable file. */
export const checkRules: Check = async (context) => {
  const file = homeConfigPath(context.connection.home)
  const clis = Object.entries(readRules(file)).filter(([, rules]) => Object.keys(rules).length > 0)
  if (clis.length === 0) return ok('none in config.json')
  const seen = seenCommands(await keptEvents(context, 'command:*', 'earliest'))
  const names = clis.map(([cli]) => cli)
  const changedAt = statSync(file).mtime
  return clis.flatMap(([cli, rules]) => {
    const runs = seen.get(cli)
    return runs === undefined
      ? [unseenCli(cli, rules, otherNames(seen, names), context)]
      : Object.keys(rules).map((key) => judgeRule(cli, rules, key, runs, changedAt, context))
  })
}

function judgeRule(
  cli: string,
  rules: CommandRules,
  key: string,
  runs: LastRuns,
  changedAt: Date,
  { program }: OpsContext,
): Finding {
  const rule = describeRule(cli, key, rules[key] ?? {})
  const last = lastHeld(rules, key, runs)
  if (last !== undefined) {
    const doubt = last < changedAt ? ', before config.json was last changed' : ''
    return ok(`${rule}: last held ${textAge(last)} ago${doubt}`)
  }
  // Commands with their own rule are not candidates.
  const open = [...runs.keys()].filter((command) =>
    [undefined, '*'].includes(ruleKeyOf(rules, command)),
  )
  const meant = key === '*' ? undefined : closestName(key, open)
  return meant === undefined
    ? warning(`${rule}: never seen`, `run the command once, then "${program} doctor" again`)
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
        `"cli-ops attach ${cli}" checks that "${cli}" has the plugin; or run it once, then "${program} doctor" again`,
      )
    : warning(
        `${rule}: "${cli}" was never seen; did you mean "${meant}"?`,
        'name the CLI in config.json as it calls itself',
      )
}

function otherNames(seen: SeenCommands, known: readonly string[]): readonly string[] {
  return [...seen.keys()].filter((name) => !known.includes(name))
}

function describeRule(cli: string, key: string, { lock, emits }: CommandRule): string {
  const resource = typeof lock === 'object' ? lock.resource : lock
  const parts = [
    ...(typeof resource === 'string' ? [`lock "${resource}"`] : []),
    ...(typeof emits === 'string' ? [`emits "${emits}"`] : []),
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
