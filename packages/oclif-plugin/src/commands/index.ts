import { type OpsCommand, OPS_COMMANDS } from '@cli-ops/shared-ipc/lifecycle'
import { Args, Command, Flags, type Interfaces } from '@oclif/core'

import { OPS_TOPIC } from '../ops-topic.js'

/** The commands of the `ops` topic, by id, made from the table that all frameworks share. */
export const OPS_COMMAND_CLASSES: Readonly<Record<string, Command.Class>> = Object.fromEntries(
  OPS_COMMANDS.map((spec) => [
    `${OPS_TOPIC}:${spec.path.replaceAll(' ', ':')}`,
    commandClass(spec),
  ]),
)

function commandClass(spec: OpsCommand): Command.Class {
  return class OpsTopicCommand extends Command {
    static override summary = spec.summary
    static override args = argsOf(spec)
    static override flags = flagsOf(spec)

    async run(): Promise<void> {
      const { args, flags } = await this.parse(OpsTopicCommand)
      const { runOps } = await import('@cli-ops/shared-ipc/ops')
      process.exitCode = await runOps({
        ...connectionOf(this.config.pjson),
        name: this.config.bin,
        path: spec.path,
        args: Object.values(args).map(String),
        options: flags,
      })
    }
  }
}

function argsOf({ arguments: list }: OpsCommand): Interfaces.ArgInput {
  return Object.fromEntries(
    list.map(({ name, description }) => [name, Args.string({ description, required: true })]),
  )
}

function flagsOf({ options }: OpsCommand): Interfaces.FlagInput {
  return Object.fromEntries(
    options.map(({ name, value, description, required = false }) => [
      name,
      value === undefined
        ? Flags.boolean({ description })
        : Flags.string({ description, required, helpValue: `<${value}>` }),
    ]),
  )
}

/** Where the host keeps its coordination, from its package.json. */
function connectionOf(pjson: object): { readonly home?: string; readonly namespace?: string } {
  const { home, namespace } = (pjson as { readonly cliOps?: Record<string, string> }).cliOps ?? {}
  return { ...(home !== undefined && { home }), ...(namespace !== undefined && { namespace }) }
}
