import {
  goneParts,
  keptEvents,
  lastHeld,
  type LastRuns,
  type OpsRun,
  seenCommands,
  textAge,
  textTable,
} from '@cli-ops/shared-ipc/ops'

import { type Attachment, Attachments } from './attachment.js'
import { ConfigFile } from './config-file.js'

/** `attach --list`: shows what is attached, and when each rule last held. */
export const listAttached: OpsRun = async (context) => {
  const { home } = context.connection
  const config = new ConfigFile(home)
  const seen = seenCommands(await keptEvents(context, 'command:*', 'earliest'))
  const attached = new Attachments(home).list().map((one) => {
    const rules = config.rulesOf(one.cli)
    const runs = runsOf(one, seen)
    return {
      ...one,
      rules: Object.keys(rules).map((command) => ({
        command,
        ...rules[command],
        lastHeld: lastHeld(rules, command, runs) ?? null,
      })),
      gone: goneParts(one),
    }
  })
  const rows = attached.map(({ command, framework, version, rules, gone }) => [
    command,
    version === null ? framework : `${framework} ${version}`,
    rules.map((rule) => rule.command),
    rules.map(({ lock }) => (typeof lock === 'object' ? lock.resource : String(lock ?? ''))),
    gone.length > 0
      ? gone.map((path) => `${path} is missing`)
      : rules.map((rule) => (rule.lastHeld === null ? 'never' : `${textAge(rule.lastHeld)} ago`)),
  ])
  const table = textTable(['PROGRAM', 'FRAMEWORK', 'RULE', 'LOCK', 'LAST HELD'], rows)
  context.print(attached, rows.length === 0 ? 'No program is attached.' : table)
  return 0
}

function runsOf({ names }: Attachment, seen: ReadonlyMap<string, LastRuns>): LastRuns {
  return new Map(names.flatMap((name) => [...(seen.get(name) ?? [])]))
}
