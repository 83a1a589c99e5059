import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { assertObject } from '../../base/validation/assert-object.js'
import { closestName } from '../../base/names/closest-name.js'
import { assertOptions } from './assert-options.js'
import type { CliOpsOptions } from './cli-ops-options.js'
import { isThere } from './is-configured.js'

/** What may be in the file. */
export interface HomeConfig {
  readonly clis?: Readonly<Record<string, CliOpsOptions>>
}

/** What is decided before the file is read: accepting it would be a setting that silently does not hold. */
const DECIDED_BEFORE = ['name', 'version', 'serve', 'ops']
/** What may stand in the file. */
const FIELDS = ['clis', '$schema']

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
 * @throws CliOpsError `STORAGE_FAILED` where this user may not read it
 */
export function withHomeConfig(
  home: string,
  names: readonly string[],
  options: CliOpsOptions,
): ConfiguredOptions {
  const file = join(home, 'config.json')
  let config: CliOpsOptions | undefined
  try {
    config = isThere(home) ? readConfig(file, names) : undefined
  } catch (error) {
    throw unusable(file, error)
  }
  if (config === undefined) return { options, place: (error) => error }
  const { commands } = config
  return {
    options: { ...options, ...config, commands: { ...options.commands, ...commands } },
    place: (error) => (isForRuleOf(error, commands) ? unusable(file, error) : error),
  }
}

function unusable(file: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error)
  const message = `${file} cannot be used: ${reason}`
  const { code } = error as NodeJS.ErrnoException
  return code === 'EACCES' || code === 'EPERM'
    ? new CliOpsError('STORAGE_FAILED', `${message}; make it readable for yourself`, {
        cause: error,
      })
    : new TypeError(message, { cause: error })
}

function isForRuleOf(error: Error, commands: CliOpsOptions['commands'] = {}): boolean {
  const { rule } = error as { readonly rule?: unknown }
  return typeof rule === 'string' && Object.hasOwn(commands, rule)
}

function readConfig(file: string, names: readonly string[]): CliOpsOptions | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
  const config: unknown = JSON.parse(text)
  assertObject('it', config)
  assertHomeFields(config)
  const { clis = {} } = config as { readonly clis?: unknown }
  assertObject('clis', clis)
  const name = names.find((candidate) => Object.hasOwn(clis, candidate))
  if (name === undefined) return undefined
  const entry = (clis as Readonly<Record<string, unknown>>)[name]
  assertHomeOptions(entry, `clis[${JSON.stringify(name)}]`)
  return entry
}

function assertHomeFields(config: object): void {
  for (const field of Object.keys(config)) {
    if (FIELDS.includes(field)) continue
    const meant = closestName(field, FIELDS)
    const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`
    throw new TypeError(
      `it must only have ${FIELDS.join(', ')}, got ${JSON.stringify(field)}${hint}`,
    )
  }
}

/** Throws a `TypeError` unless all of `config` may stand in `config.json`. */
export function assertHomeConfig(config: unknown): asserts config is HomeConfig {
  assertObject('it', config)
  assertHomeFields(config)
  const { clis = {} } = config as { readonly clis?: unknown }
  assertObject('clis', clis)
  for (const [name, options] of Object.entries(clis))
    assertHomeOptions(options, `clis[${JSON.stringify(name)}]`)
}

/** Throws a `TypeError` unless `options` may stand in `config.json`: what a plugin takes, less what is settled before. */
function assertHomeOptions(options: unknown, place = 'options'): asserts options is CliOpsOptions {
  assertOptions(options, place)
  if (options.home !== undefined)
    throw new TypeError(`${place}.home cannot be set in the home itself`)
  for (const option of DECIDED_BEFORE) {
    if (Object.hasOwn(options, option))
      throw new TypeError(`${place}.${option} can only be set in the code of the CLI`)
  }
}
