import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe } from '../names/assert-name.js'
import { warnOnce } from '../diagnostics/message.js'
import { resolveConnection } from '../options/connection-options.js'
import { assertOptions } from './assert-options.js'
import type { CliOpsOptions } from './cli-ops-options.js'

/** What is decided before the file is read: accepting it would be a setting that silently does not hold. */
const DECIDED_BEFORE = ['name', 'version', 'serve', 'ops']

/**
 * Adds what the person who runs the CLI wrote about it in the home's `config.json`,
 * `{ "clis": { "<name>": { "commands": { … } } } }`, to the options of its author. The person's word wins; rules are
 * taken command by command. A file that cannot be used is named in one warning and left aside, since a typing
 * error must not stop every CLI of a machine.
 */
export function withHomeConfig(name: string, options: CliOpsOptions): CliOpsOptions {
  const file = join(resolveConnection(options).home, 'config.json')
  let config: CliOpsOptions | undefined
  try {
    config = readConfig(file, name)
  } catch (error) {
    warnOnce(
      `home-config ${file}`,
      `ignoring ${file}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  if (config === undefined) return options
  return { ...options, ...config, commands: { ...options.commands, ...config.commands } }
}

function readConfig(file: string, name: string): CliOpsOptions | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
  const config = JSON.parse(text) as { readonly clis?: Readonly<Record<string, unknown>> } | null
  const clis = config?.clis ?? {}
  if (typeof clis !== 'object') throw new TypeError(`clis must be an object, got ${describe(clis)}`)
  const entry = Object.hasOwn(clis, name) ? clis[name] : undefined
  if (entry === undefined) return undefined
  assertHomeOptions(entry)
  return entry
}

/** Throws a `TypeError` unless `options` may stand in `config.json`: what a plugin takes, less what is settled before. */
export function assertHomeOptions(options: unknown): asserts options is CliOpsOptions {
  assertOptions(options)
  if (options.home !== undefined) throw new TypeError('home cannot be set in the home itself')
  for (const option of DECIDED_BEFORE) {
    if (Object.hasOwn(options, option))
      throw new TypeError(`${option} can only be set in the code of the CLI`)
  }
}
