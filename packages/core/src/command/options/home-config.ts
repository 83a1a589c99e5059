import { assertDrivers, type ConfiguredDrivers } from '../../engine/configured-drivers.js'
import { assertMembers, readHomeConfigFile, unusableConfig } from '../../engine/home-config-file.js'
import { assertObject } from '../../base/validation/assert-object.js'
import { assertOptions, OPTIONS } from './assert-options.js'
import type { CliOpsOptions } from './cli-ops-options.js'

/** The contents of the file. */
export interface HomeConfig {
  readonly clis?: Readonly<Record<string, CliOpsOptions>>
  readonly drivers?: ConfiguredDrivers
}

/** Options settled before the file is read: accepting one here would be a setting that silently does not apply. */
const DECIDED_BEFORE = ['name', 'version', 'schemas', 'serve', 'ops']

const HOME_OPTIONS = OPTIONS.filter(
  (option) => option !== 'home' && !DECIDED_BEFORE.includes(option),
)

/** Options merged with those of the home's `config.json`. */
export interface ConfiguredOptions {
  readonly options: CliOpsOptions
  /** Names the file in an error about one of its rules. */
  place(error: Error): Error
}

/**
 * Merges the options of a CLI's author with those that its user wrote in the home's `config.json`, `{ "clis": {
 * "<name>": { "commands": { … } } } }`. The user's options win; rules are merged command by command. Any of the names
 * finds the entry.
 *
 * @throws TypeError naming the file and what is wrong in it, since a rule that cannot be read is a lock that does not hold
 * @throws CliOpsError `STORAGE_FAILED` if it cannot be read
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

/** Throws a `TypeError` unless `config` is a valid `config.json`. */
export function assertHomeConfig(config: unknown): asserts config is HomeConfig {
  assertMembers(config)
  const { clis = {}, drivers = {} } = config
  assertDrivers(drivers)
  assertObject('clis', clis)
  for (const [name, options] of Object.entries(clis))
    assertHomeOptions(options, `clis[${JSON.stringify(name)}]`)
}

/**
 * Throws a `TypeError` unless `options` can be set in `config.json`: a plugin's options, without those settled earlier.
 */
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
