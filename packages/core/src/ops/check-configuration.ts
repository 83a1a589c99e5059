import { readFileSync } from 'node:fs'

import { assertHomeConfig } from '../command/options/home-config.js'
import { homeConfigPath } from '../engine/home-config-file.js'
import { describe } from '../base/names/assert-name.js'
import { isOn } from '../base/process/environment.js'
import { settingName } from '../base/process/setting-name.js'
import { type Check, failure, ok, warning } from './finding.js'
import { misspeltVariable } from './misspelt-variable.js'

export const checkConfig: Check = ({ connection: { home } }) => {
  const file = homeConfigPath(home)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return ok('no config.json')
  }
  const problem = findProblem(text)
  if (problem === undefined) return ok(`${file} is valid`)
  return failure(
    `${file} cannot be used: ${problem}`,
    `correct it; until then ${affectedBy(problem)} (78)`,
  )
}

/** Who suffers: an error in the part of one CLI is that one's. */
function affectedBy(problem: string): string {
  if (problem.startsWith('drivers')) return 'a command with a lock on such an engine does not run'
  const [, cli] = /^clis\[("(?:[^"\\]|\\.)*")\]/u.exec(problem) ?? []
  return cli === undefined
    ? 'no command of any CLI with the plugin runs'
    : `no command of ${String(JSON.parse(cli))} runs`
}

function findProblem(text: string): string | undefined {
  try {
    assertHomeConfig(JSON.parse(text))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What a person might set to `yes` or `on`, and then believe in. */
const SWITCHES = ['CLI_OPS_DISABLED', 'CLI_OPS_DEBUG'] as const

function isSwitch(value: string | undefined): boolean {
  return isOn(value) || ['', '0', 'false', undefined].includes(value)
}

export const checkEnvironment: Check = () => {
  if (isOn(process.env['CLI_OPS_DISABLED'])) {
    return warning(
      'CLI_OPS_DISABLED is set, so CLIs started from here take no locks and emit no events',
      'unset CLI_OPS_DISABLED',
    )
  }
  const timeout = process.env['CLI_OPS_LOCK_TIMEOUT_MS']
  if (timeout !== undefined && timeout !== '' && !(Number(timeout) >= 0)) {
    return failure(
      `CLI_OPS_LOCK_TIMEOUT_MS must be a number of milliseconds, got ${describe(timeout)}`,
      'unset it or set it to a number',
    )
  }
  const odd = SWITCHES.find((name) => !isSwitch(process.env[name]))
  if (odd !== undefined)
    return warning(`${odd} has no effect: it is neither 1 nor true`, 'set it to 1, or unset it')
  const set = Object.keys(process.env).filter((name) => name.startsWith('CLI_OPS_'))
  const misspelt = misspeltVariable(set)
  if (misspelt !== undefined) {
    const { name, meant } = misspelt
    return warning(`${name} is set and has no effect`, `did you mean ${meant}?`)
  }
  // Names only: a URL can contain a password.
  return ok(set.length === 0 ? 'nothing is set' : `${set.sort().map(settingName).join(', ')} set`)
}
