import { realpathSync } from 'node:fs'
import { basename, extname } from 'node:path'

import {
  assertName,
  type CommandRules,
  describe,
  type OpsContext,
  type OpsRun,
  type PackageBin,
  packageBinOf,
  parseDuration,
  preparePrivateFolder,
  type ProgramCommand,
  say,
} from '@cli-ops/shared-ipc/ops'

import { assertOnBusy } from '../run/on-busy.js'
import { type Attachment, Attachments } from './attachment.js'
import { ConfigFile } from './config-file.js'
import { isOclifCli } from './find-framework.js'
import { canonicalCommands } from './known-commands.js'
import { locateProgram } from './locate-program.js'
import { NotAttachable } from './not-attachable.js'
import { attachOclif } from './attach-oclif.js'
import { attachPreloads } from './attach-preloads.js'
import { type ProgramScript, programScript } from './program-script.js'
import { isFirstOnPath, shimFolder } from './shim.js'

/** A located program, and what to attach it with. */
export interface AttachTask {
  readonly home: string
  /** The command that a person types. */
  readonly command: string
  /** The package's folder; undefined for a script without a package. */
  readonly folder: string | undefined
  readonly script: ProgramScript
  /** The commands given with `--command`. */
  readonly given: readonly string[]
  /** For the advice to use `cli-ops run`. */
  readonly lock: string | undefined
  /** Receives the known commands. @throws TypeError if a given command is not among them */
  readonly judge: (known: readonly ProgramCommand[]) => void
}

/** What loads the plugin into the program, and how to undo it if a later step fails. */
export interface AttachedBy {
  readonly framework: string
  readonly version: string | null
  readonly commands: readonly ProgramCommand[]
  readonly shim?: string | undefined
  readonly pluginsDir?: string | undefined
  readonly dataDir?: string | undefined
  readonly undo: () => void | Promise<void>
}

/** `attach <program>`: exit code 1 if it cannot be attached; nothing is then left behind. */
export const attachProgram: OpsRun = async (context) => {
  try {
    await attach(context)
    return 0
  } catch (error) {
    if (!(error instanceof NotAttachable)) throw error
    const [program = ''] = context.args
    say(`${program} is not attached: ${error.message}; ${error.remedy}`)
    return 1
  }
}

async function attach({ args, options, connection: { home }, print }: OpsContext): Promise<void> {
  const [program = ''] = args
  const wanted = wantedOf(options)
  const given = (options['command'] as readonly string[] | undefined) ?? []
  const config = new ConfigFile(home)
  const attachments = new Attachments(home)
  const located = locateProgram(program, shimFolder(home))
  const script = programScript(located.path)
  const bin = packageBinOf(script.file)
  const names = bin?.names ?? [stemOf(script.file)]
  const command = commandOf(program, bin)
  const cli = cliName(options['name'], bin?.name, names)
  // Before creating anything: an unreadable file must be fixed first.
  const before = config.rulesOf(cli)
  const isRuled = wanted.lock !== undefined || wanted.emits !== undefined
  const isOnlyDetail = wanted.onBusy !== undefined || wanted.graceMs !== undefined
  if (!isRuled && (given.length > 0 || isOnlyDetail))
    throw new TypeError('--lock or --emits must be given')
  preparePrivateFolder(home, 'bin')
  let commands: readonly string[] = []
  const task: AttachTask = {
    home,
    command,
    folder: bin?.folder,
    script,
    given,
    lock: wanted.lock,
    judge: (known) => {
      commands = canonicalCommands(given.length === 0 ? ['*'] : given, known)
    },
  }
  const isOclif = bin !== undefined && isOclifCli(bin.folder)
  const attached = await (isOclif ? attachOclif(task) : attachPreloads(task))
  const { framework, version, shim, pluginsDir, dataDir } = attached
  try {
    const written = isRuled ? await config.setRules(cli, commands, wanted) : {}
    const earlier = attachments.find(command)
    const rules = { ...earlier?.rules, ...written }
    const record: Attachment = {
      command,
      cli,
      names,
      framework,
      version,
      script: realpathSync(script.file),
      shim,
      pluginsDir,
      dataDir: dataDir ?? earlier?.dataDir,
      rules,
    }
    await attachments.write(record)
    const held = { ...before, ...written }
    const isFirst = shim === undefined || isFirstOnPath(shim, command)
    const known = attached.commands.map(({ path }) => path)
    print(
      { ...record, rules: held, commands: [...new Set(known)], ready: isFirst },
      [
        `attached as ${cli} (${framework}${version === null ? ', bundled' : ` ${version}`}); ${describeRules(held)}`,
        ...(isFirst ? [] : [howToStart(home, shim, command)]),
        ...(located.isLocal && shim !== undefined ? [howToStartLocal(shim, command)] : []),
      ].join('\n'),
    )
  } catch (error) {
    await attached.undo()
    throw error
  }
}

/** Returns the command for a program as the user gave it: a file stands for the command that it is installed as. */
function commandOf(program: string, bin: PackageBin | undefined): string {
  if (!/[\\/]/u.test(program)) return program
  const stem = stemOf(program)
  return bin === undefined || bin.names.includes(stem) ? stem : bin.name
}

/** Judged here, and not only with the whole config.json, so that a message names the option. */
function wantedOf(options: OpsContext['options']) {
  const { lock, onBusy, grace } = options
  if (lock !== undefined) assertName('--lock', lock)
  if (onBusy !== undefined) assertOnBusy(onBusy)
  if (grace !== undefined && onBusy !== 'replace')
    throw new TypeError('--grace needs --on-busy replace')
  return {
    lock: options['lock'] as string | undefined,
    onBusy: options['onBusy'] as string | undefined,
    graceMs:
      options['grace'] === undefined ? undefined : parseDuration('--grace', options['grace']),
    emits: options['emits'] as string | undefined,
  }
}

function cliName(given: unknown, own: string | undefined, names: readonly string[]): string {
  const [first = ''] = names
  if (given === undefined) return own ?? first
  if (typeof given === 'string' && names.includes(given)) return given
  throw new TypeError(
    `--name must be ${names.map((name) => describe(name)).join(' or ')}, since rules of another name would not be found, got ${describe(given)}`,
  )
}

function describeRules(rules: CommandRules): string {
  const keys = Object.keys(rules)
  if (keys.length === 0) return 'no rules: its commands only emit lifecycle events'
  const named = keys
    .filter((key) => key !== '*')
    .map((key) => (key === '' ? 'the program itself' : key))
  if (!keys.includes('*')) return `rules hold for ${named.join(', ')}`
  return `rules hold for every command${named.length === 0 ? '' : `, others for ${named.join(', ')}`}`
}

function howToStart(home: string, shim: string, command: string): string {
  const folder = shimFolder(home)
  return `to start it as "${command}", run: export PATH="${folder}:$PATH"; until then, start ${shim}`
}

function howToStartLocal(shim: string, command: string): string {
  return `npx and npm scripts start their project’s ${command}, bypassing this: write ${shim} there`
}

function stemOf(path: string): string {
  return basename(path, extname(path))
}
