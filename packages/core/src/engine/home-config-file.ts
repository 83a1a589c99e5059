import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { closestName } from '../base/names/closest-name.js'
import { assertObject } from '../base/validation/assert-object.js'

/** What may stand in the file. */
const FIELDS = ['clis', 'drivers', '$schema']

/** The members of a home's `config.json`, none of them looked at. */
export interface HomeConfigMembers {
  readonly clis?: unknown
  readonly drivers?: unknown
}

export function homeConfigPath(home: string): string {
  return join(home, 'config.json')
}

/** Reads a home's `config.json`, `undefined` where there is none. What it throws is for {@link unusableConfig}. */
export function readHomeConfigFile(home: string): HomeConfigMembers | undefined {
  let text: string
  try {
    text = readFileSync(homeConfigPath(home), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
  const config: unknown = JSON.parse(text)
  assertMembers(config)
  return config
}

/** Throws a `TypeError` unless `config` has only members that the file may have. */
export function assertMembers(config: unknown): asserts config is HomeConfigMembers {
  assertObject('it', config)
  for (const field of Object.keys(config)) {
    if (FIELDS.includes(field)) continue
    const meant = closestName(field, FIELDS)
    const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`
    throw new TypeError(
      `it must only have ${FIELDS.join(', ')}, got ${JSON.stringify(field)}${hint}`,
    )
  }
}

/**
 * Says that a home's `config.json` cannot be used: a `TypeError` where something is wrong in it, `STORAGE_FAILED` where this user may not
 * read it.
 */
export function unusableConfig(home: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error)
  const message = `${homeConfigPath(home)} cannot be used: ${reason}`
  const { code } = error as NodeJS.ErrnoException
  return code === 'EACCES' || code === 'EPERM'
    ? new CliOpsError('STORAGE_FAILED', `${message}; make it readable for yourself`, {
        cause: error,
      })
    : new TypeError(message, { cause: error })
}
