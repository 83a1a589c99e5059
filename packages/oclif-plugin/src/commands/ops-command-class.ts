import type { OpsCommand } from '@cli-ops/shared-ipc/command'

import { commandTree } from '../command-tree.js'
import type { OclifConfig } from '../oclif-config.js'
import { optionsOf } from '../package-options.js'
import { parseOpsArguments } from './parse-ops-arguments.js'

/** The part of oclif's `Config` that the commands read, in core 4 and 5. */
interface Host extends Pick<OclifConfig, 'bin' | 'pjson' | 'commands'> {
  readonly topicSeparator?: string
}

/** What oclif needs to find, document and run a command class. */
export interface OpsCommandClass {
  readonly summary: string
  readonly args: object
  readonly flags: object
  run(argv: readonly string[], host: Host): Promise<void>
}

/**
 * Creates the oclif command of an `ops` command. It does not extend oclif's own class: for that, a separately installed
 * plugin would have to bring its own copy of @oclif/core, whose major version might not run on the host's Node.
 */
export function createOpsCommand(spec: OpsCommand): OpsCommandClass {
  return class OpsTopicCommand {
    static readonly summary = spec.summary
    static readonly args = Object.fromEntries(
      spec.arguments.map(({ name, description, optional }) => [
        name,
        { name, description, required: optional !== true },
      ]),
    )
    static readonly flags = flagsOf(spec)

    static async run(argv: readonly string[], host: Host): Promise<void> {
      const { args, options } = parseOpsArguments(spec, argv)
      const { options: given, fault } = optionsOf(host.pjson)
      const { home, namespace, url, commands } = given
      const { runOps } = await import('@cli-ops/shared-ipc/ops')
      process.exitCode = await runOps({
        name: host.bin,
        home,
        namespace,
        url,
        path: spec.path,
        args,
        options,
        program: `${host.bin} ops${host.topicSeparator === ' ' ? '' : ':'}`,
        own: { commands, tree: commandTree(host), fault },
      })
    }
  }
}

function flagsOf({ options }: OpsCommand): object {
  return Object.fromEntries(
    options.map(({ name, short, value, description, required = false }) => [
      name,
      value === undefined
        ? { name, char: short, description, type: 'boolean', allowNo: false }
        : { name, char: short, description, type: 'option', required, helpValue: `<${value}>` },
    ]),
  )
}
