import { Command } from 'commander'
import { describe, expect, test } from 'vitest'

import { runCommand } from '../src/commands/run.js'
import { parseRunCommandLine } from '../src/run/run-command-line.js'

/** Returns what commander makes of a command line; undefined if it refuses it, or only shows its help. */
function byCommander(args: readonly string[]): object | undefined {
  let found: object | undefined
  const run = runCommand().action((program: string[], options: object) => {
    found = { program, options }
  })
  const root = new Command('cli-ops').enablePositionalOptions()
  for (const name of ['home', 'namespace', 'url']) root.option(`--${name} <value>`)
  for (const command of [root, run])
    command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
  try {
    root.addCommand(run).parse(args, { from: 'user' })
  } catch {
    return undefined
  }
  // Defaults are filled in later for the others, too.
  return found && { ...found, connection: root.opts() }
}

describe('a command line of run is parsed as commander parses it', () => {
  test.each([
    [['run', '--lock', 'a', '--', 'true']],
    [['run', '-l', 'a', 'true', '-l', 'b', '--', 'x']],
    [['run', '-la', '--wait=5s', '-w', '--', 'true', 'x']],
    [['run', '--lock=a', '--label=', '--no-wait', 'true']],
    [['run', '-n', '-s', '-l', 'a', '-k', 'descendants', '--kill-after', '5s', 'sh', '-c', 'x']],
    [['run', '-l', 'a', '-e', 'a:b={"c":"d=e"}', '--', '--odd']],
    [['run', '-l', 'a', '-', 'x']],
    [['--home', '/h', '--url=redis://x', 'run', '-l', 'a', 'true']],
    [['run', '-l', 'a', '-l', 'b', 'true']],
    [['run', '-l', '', 'true']],
  ])('%j', (args) => {
    const { program, options, connection } = parseRunCommandLine(args) ?? {}
    expect({ program, options, connection }).toEqual(byCommander(args))
  })
})

describe('every other command line is left to commander', () => {
  test.each([
    [['run']],
    [['run', '-l', 'a']],
    [['run', '-l', 'a', '--']],
    [['run', 'true']],
    [['run', '--help']],
    [['run', '-l', 'a', '--help', 'true']],
    [['run', '-l', 'a', '--nonsense', 'true']],
    [['run', '-l', 'a', '-sn', 'true']],
    [['run', '-l', 'a', '--no-wait=x', 'true']],
    [['run', '-l']],
    [['--version', 'run', '-l', 'a', 'true']],
    [['--home', 'run', '-l', 'a', 'true']],
    [['--', 'run', '-l', 'a', 'true']],
    [['status']],
    [[]],
  ])('%j', (args) => {
    expect(parseRunCommandLine(args)).toBeUndefined()
  })
})
