import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import { isAccessDenied, RUNTIME_REMEDIES } from '../base/errors/denied-access.js'
import { systemErrorCode } from '../base/errors/system-error-code.js'
import { assertKnown } from '../base/validation/assert-known.js'

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
  const text = readHomeConfigText(home)
  if (text === undefined) return undefined
  const config: unknown = JSON.parse(text)
  assertMembers(config)
  return config
}

/** The text of a home's `config.json`, `undefined` where there is none. What it throws is for {@link unusableConfig}. */
export function readHomeConfigText(home: string): string | undefined {
  try {
    return readFileSync(homeConfigPath(home), 'utf8')
  } catch (error) {
    const code = systemErrorCode(error)
    // Of all that can go wrong only this means that there is no file: one that cannot be read may hold a rule.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === 'EACCES' && isBehindStrangers(home)) return undefined
    throw error
  }
}

/**
 * Tells whether a directory of another user keeps this one from even getting to a home, so that nothing of theirs is in it: `HOME`
 * was inherited through `sudo -u` or from the image of a container.
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

/** Throws a `TypeError` unless `config` has only members that the file may have. */
export function assertMembers(config: unknown): asserts config is HomeConfigMembers {
  assertKnown('it', config, FIELDS)
}

/**
 * Says that a home's `config.json` cannot be used: a `TypeError` where something is wrong in it, `STORAGE_FAILED` where it cannot be read.
 */
export function unusableConfig(home: string, error: unknown): Error {
  const file = `${homeConfigPath(home)} cannot be used`
  const reason = error instanceof Error ? error.message : String(error)
  const code = isCliOpsError(error) ? undefined : systemErrorCode(error)
  if (code === undefined) return new TypeError(`${file}: ${reason}`, { cause: error })
  const remedy = isAccessDenied(error) ? '; make it readable for yourself' : ''
  const what = RUNTIME_REMEDIES.get(code) ?? reason + remedy
  return new CliOpsError('STORAGE_FAILED', `${file}: ${what}`, { cause: error })
}
