import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Readable } from 'node:stream'

import type { ProgramCommand } from '@cli-ops/shared-ipc/ops'

import { OCLIF_CORE } from './find-framework.js'
import { NotAttachable } from './not-attachable.js'
import type { ProgramScript } from './program-script.js'
import { runProbe } from './run-probe.js'

const TIMEOUT_MS = 60_000

/** What an oclif CLI reports about itself. */
export interface OclifCli {
  readonly bin: string
  /** Where it keeps user-installed plugins. */
  readonly dataDir: string
  readonly commands: readonly ProgramCommand[]
  /** It is one command, which gets all words as arguments: those of the plugin's commands, too. */
  readonly isSingle: boolean
}

/** Runs in its own process, with the CLI's copy of oclif; output of that copy must not be mistaken for the answer. */
const LOOK = `
const { createRequire } = await import('node:module')
const { pathToFileURL } = await import('node:url')
const { writeSync } = await import('node:fs')
const [root] = process.argv.slice(1)
const core = await import(pathToFileURL(createRequire(root + '/package.json').resolve('@oclif/core')).href)
const config = await (core.Config ?? core.default.Config).load({ root })
const aliases = new Set(config.commands.flatMap((command) => command.aliases ?? []))
const commands = config.commands
  .filter(({ id }) => !aliases.has(id))
  .map(({ id, aliases = [] }) => ({ path: id, aliases }))
const { bin, dataDir, isSingleCommandCLI: isSingle = false } = config
writeSync(3, JSON.stringify({ bin, dataDir, commands, isSingle }))
process.exit(0)
`

/**
 * Loads the configuration of an oclif CLI as the CLI itself does.
 *
 * @throws NotAttachable
 */
export async function readOclifCli(folder: string): Promise<OclifCli> {
  const args = ['--input-type=module', '--eval', LOOK, folder]
  const { answer, errors } = await run(args, process.env)
  try {
    const cli = JSON.parse(answer) as OclifCli
    return { ...cli, commands: hostCommands(cli.commands) }
  } catch {
    throw new NotAttachable(
      `its commands cannot be read from ${folder}: ${lastLine(errors)}`,
      'check that it runs at all',
    )
  }
}

/** The id that oclif gives to a CLI's only command. Rules name it `''`. */
const SINGLE_COMMAND = 'Symbol(SINGLE_COMMAND_CLI)'

/** Returns the CLI's own commands as rules name them: with spaces, and without the plugin's. */
export function hostCommands(commands: readonly ProgramCommand[]): readonly ProgramCommand[] {
  return commands
    .map(({ path, aliases }) => ({ path: withSpaces(path), aliases: aliases.map(withSpaces) }))
    .filter(({ path }) => path !== SINGLE_COMMAND && !/^ops(?: |$)/u.test(path))
}

/**
 * Returns whether the CLI loads the plugin, which reports it when the CLI shows its help.
 *
 * @throws NotAttachable if that does not end
 */
export async function loadsPlugin({ file, nodeArgs, nodePath }: ProgramScript): Promise<boolean> {
  const env = nodePath === undefined ? {} : { NODE_PATH: nodePath }
  const args = [...nodeArgs, file, '--help']
  const { reports } = await runProbe({ file: process.execPath, args, env })
  return reports.some(({ framework }) => framework === OCLIF_CORE)
}

/**
 * Runs a read-only command of the plugin in the CLI, which may show its help without oclif. Returns why it failed; if it succeeds, the
 * plugin is loaded. A CLI of one command would run that instead.
 */
export async function whyPluginIsOut({
  file,
  nodeArgs,
  nodePath,
}: ProgramScript): Promise<string | undefined> {
  const env = nodePath === undefined ? process.env : { ...process.env, NODE_PATH: nodePath }
  const { status, output, errors } = await run([...nodeArgs, file, 'ops:ps', '--json'], env)
  try {
    if (status === 0 && Array.isArray(JSON.parse(output))) return undefined
  } catch {
    // The answer came from something else.
  }
  return lastLine(errors) || `"ops:ps" ended with ${status}`
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], env })
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  const closed = once(child, 'close')
  const [output, errors, answer] = await Promise.all(
    [1, 2, 3].map((descriptor) => text(child.stdio[descriptor] as Readable)),
  )
  const [code, signal] = (await closed) as [number | null, string | null]
  clearTimeout(timer)
  const [stdout = '', stderr = '', third = ''] = [output, errors, answer]
  return { status: code ?? signal ?? '', output: stdout, errors: stderr, answer: third }
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? ''
}

function withSpaces(id: string): string {
  return id.replaceAll(':', ' ')
}
