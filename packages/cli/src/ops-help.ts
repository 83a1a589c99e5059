import type { Command } from 'commander'

import { examples } from './examples.js'

/** Examples for the commands that every plugin mounts. */
const EXAMPLES: ReadonlyMap<string, readonly string[]> = new Map([
  ['status', ['cli-ops status', "cli-ops status --json | jq '.locks[].resource'"]],
  ['locks', ['cli-ops locks', 'cli-ops locks --json | jq -r \'.[] | .resource + " " + .id\'']],
  [
    'events',
    [
      'cli-ops events --since 5m',
      "cli-ops events --type 'task:*' --json | jq .data",
      'cli-ops events --group nightly-report',
      'cli-ops events --follow',
      'cli-ops events --follow --since 0s',
    ],
  ],
  [
    'why',
    [
      'cli-ops why production',
      'cli-ops why --watch',
      "cli-ops why --json | jq '.[].advice[].command'",
    ],
  ],
  [
    'history',
    ['cli-ops history production --since 7d', "cli-ops history --json | jq '.waitedFor[0]'"],
  ],
  ['ps', ['cli-ops ps', "cli-ops ps --json | jq -r '.[].name'"]],
  ['clean', ['cli-ops clean']],
  ['doctor', ['cli-ops doctor', 'cli-ops doctor --json | jq .ok']],
])

/** Adds `--no-color` and the examples to the commands that every plugin mounts. */
export function addOpsHelp(program: Command): void {
  for (const command of program.commands) {
    addNoColor(command)
    const lines = EXAMPLES.get(command.name())
    if (lines !== undefined) command.addHelpText('after', examples(...lines))
  }
}

function addNoColor(command: Command): void {
  command.option('--no-color', 'use no colours (also NO_COLOR=1)')
  command.hook('preAction', (_command, running) => {
    if (running.opts()['color'] === false) process.env['NO_COLOR'] = '1'
  })
  for (const below of command.commands) addNoColor(below)
}
