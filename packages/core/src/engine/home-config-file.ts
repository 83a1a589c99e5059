import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import { isAccessDenied, runtimeRemedyOf } from '../base/errors/denied-access.js'
import { systemErrorCode } from '../base/errors/system-error-code.js'
import { assertKnown } from '../base/validation/assert-known.js'

/** The members that the file may have. */
const FIELDS = ['clis', 'drivers', '$schema']

/** The members of a home's `config.json`, not validated. */
export interface HomeConfigMembers {
  readonly clis?: unknown
  readonly drivers?: unknown
}

export function homeConfigPath(home: string): string {
  return join(home, 'config.json')
}

/** Reads a home's `config.json`; `undefined` if there is none. Pass what it throws to {@link unusableConfig}. */
export function readHomeConfigFile(home: string): HomeConfigMembers | undefined {
  const text = readHomeConfigText(home)
  if (text === undefined) return undefined
  const config: unknown = JSON.parse(text)
  assertMembers(config)
  return config
}

/** Returns the text of a home's `config.json`; `undefined` if there is none. Pass what it throws to {@link unusableConfig}. */
export function readHomeConfigText(home: string): string | undefined {
  try {
    return readFileSync(homeConfigPath(home), 'utf8')
  } catch (error) {
    const code = systemErrorCode(error)
    // Only these errors mean that there is no file: an unreadable one could contain a rule.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === 'EACCES' && isBehindStrangers(home)) return undefined
    throw error
  }
}

/**
 * Returns whether another user's directory makes a home unreachable, so that it cannot contain this user's files: `HOME` was inherited
 * through `sudo -u` or from a container image.
 */
function isBehindStrangers(home: string): boolean {
  for (let directory = home; ; directory = dirname(directory)) {
    try {
      const { uid } = statSync(directory)
      return directory !== home && uid !== process.geteuid?.()
    } catch (error) {
      if (systemErrorCode(error) !== 'EACCES' || dirname(directory) === directory) return false
    }
  }
}

/** Throws a `TypeError` unless `config` has only allowed members. */
export function assertMembers(config: unknown): asserts config is HomeConfigMembers {
  assertKnown('it', config, FIELDS)
}

/**
 * Creates the error for an unusable `config.json`: a `TypeError` if its content is wrong, `STORAGE_FAILED` if it cannot be read.
 */
export function unusableConfig(home: string, error: unknown): Error {
  const file = `${homeConfigPath(home)} cannot be used`
  const reason = error instanceof Error ? error.message : String(error)
  const code = isCliOpsError(error) ? undefined : systemErrorCode(error)
  if (code === undefined) return new TypeError(`${file}: ${reason}`, { cause: error })
  const remedy = isAccessDenied(error) ? '; make it readable for yourself' : ''
  const what = runtimeRemedyOf(error) ?? reason + remedy
  return new CliOpsError('STORAGE_FAILED', `${file}: ${what}`, { cause: error })
}
