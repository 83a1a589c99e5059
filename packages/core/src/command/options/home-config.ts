import { assertDrivers, type ConfiguredDrivers } from '../../engine/configured-drivers.js'
import { assertMembers, readHomeConfigFile, unusableConfig } from '../../engine/home-config-file.js'
import { assertObject } from '../../base/validation/assert-object.js'
import { assertOptions, OPTIONS } from './assert-options.js'
import type { CliOpsOptions } from './cli-ops-options.js'

/** What may be in the file. */
export interface HomeConfig {
  readonly clis?: Readonly<Record<string, CliOpsOptions>>
  readonly drivers?: ConfiguredDrivers
}

/** What is decided before the file is read: accepting it would be a setting that silently does not hold. */
const DECIDED_BEFORE = ['name', 'version', 'serve', 'ops']

const HOME_OPTIONS = OPTIONS.filter(
  (option) => option !== 'home' && !DECIDED_BEFORE.includes(option),
)

/** Options with what the home's `config.json` adds to them. */
export interface ConfiguredOptions {
  readonly options: CliOpsOptions
  /** Names the file in an error for one of its rules. */
  place(error: Error): Error
}

/**
 * Adds what the person who runs the CLI wrote about it in the home's `config.json`,
 * `{ "clis": { "<name>": { "commands": { … } } } }`, to the options of its author. The person's word wins; rules are
 * taken command by command. The entry is found by any of the names.
 *
 * @throws TypeError naming the file and what is wrong in it, since a rule that cannot be read is a lock that does not hold
 * @throws CliOpsError `STORAGE_FAILED` where it cannot be read
 */
export function withHomeConfig(
  home: string,
  names: readonly string[],
  options: CliOpsOptions,
): ConfiguredOptions {
  let config: CliOpsOptions | undefined
  try {
    config = readConfig(home, names)
  } catch (error) {
    throw unusableConfig(home, error)
  }
  if (config === undefined) return { options, place: (error) => error }
  const { commands } = config
  return {
    options: { ...options, ...config, commands: { ...options.commands, ...commands } },
    place: (error) => (isForRuleOf(error, commands) ? unusableConfig(home, error) : error),
  }
}

function isForRuleOf(error: Error, commands: CliOpsOptions['commands'] = {}): boolean {
  const { rule } = error as { readonly rule?: unknown }
  return typeof rule === 'string' && Object.hasOwn(commands, rule)
}

function readConfig(home: string, names: readonly string[]): CliOpsOptions | undefined {
  const { clis = {} } = readHomeConfigFile(home) ?? {}
  assertObject('clis', clis)
  const name = names.find((candidate) => Object.hasOwn(clis, candidate))
  if (name === undefined) return undefined
  const entry = (clis as Readonly<Record<string, unknown>>)[name]
  assertHomeOptions(entry, `clis[${JSON.stringify(name)}]`)
  return entry
}

/** Throws a `TypeError` unless all of `config` may stand in `config.json`. */
export function assertHomeConfig(config: unknown): asserts config is HomeConfig {
  assertMembers(config)
  const { clis = {}, drivers = {} } = config
  assertDrivers(drivers)
  assertObject('clis', clis)
  for (const [name, options] of Object.entries(clis))
    assertHomeOptions(options, `clis[${JSON.stringify(name)}]`)
}

/** Throws a `TypeError` unless `options` may stand in `config.json`: what a plugin takes, less what is settled before. */
function assertHomeOptions(options: unknown, place = 'options'): asserts options is CliOpsOptions {
  assertObject(place, options)
  if (Object.hasOwn(options, 'home'))
    throw new TypeError(`${place}.home cannot be set in the home itself`)
  for (const option of DECIDED_BEFORE) {
    if (Object.hasOwn(options, option))
      throw new TypeError(`${place}.${option} can only be set in the code of the CLI`)
  }
  assertOptions(options, place, HOME_OPTIONS)
}
