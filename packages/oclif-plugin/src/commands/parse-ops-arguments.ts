import { parseArgs } from 'node:util'

import type { OpsCommand } from '@cli-ops/shared-ipc/command'

/** The arguments of an `ops` command, in order, and its options by name. */
export interface OpsArguments {
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

/** oclif's exit code for wrong arguments. */
const EXIT_USAGE = 2

/**
 * Parses the arguments of an `ops` command.
 *
 * @throws Error that oclif prints as a usage error, with exit code 2
 */
export function parseOpsArguments(spec: OpsCommand, argv: readonly string[]): OpsArguments {
  const { values, positionals } = parse(spec, argv)
  const missing = spec.arguments.slice(positionals.length).find(({ optional }) => optional !== true)
  if (missing !== undefined)
    throw usageError(`Missing 1 required arg:\n${missing.name}  ${missing.description}`)
  const [extra] = positionals.slice(spec.arguments.length)
  if (extra !== undefined) throw usageError(`Unexpected argument: ${extra}`)
  for (const { name, required } of spec.options) {
    if (required === true && values[name] === undefined)
      throw usageError(`Missing required flag ${name}`)
  }
  return { args: positionals, options: values }
}

function parse(spec: OpsCommand, argv: readonly string[]) {
  const options = Object.fromEntries(
    spec.options.map(({ name, short, value }) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short !== undefined && { short }),
      },
    ]),
  )
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error))
  }
}

function usageError(message: string): Error {
  const error = new Error(`${message}\nSee more help with --help`)
  return Object.assign(error, { oclif: { exit: EXIT_USAGE } })
}
