import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { assertHomeOptions } from '../lifecycle/home-config.js'
import { describe } from '../names/assert-name.js'
import { isOn } from '../options/environment.js'
import { type Check, failure, ok, warning } from './finding.js'

export const checkConfig: Check = ({ connection: { home } }) => {
  const file = join(home, 'config.json')
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
    `${file} is not used: ${problem}`,
    'correct it or remove it; until then the options of each CLI’s author hold alone',
  )
}

function findProblem(text: string): string | undefined {
  let place = ''
  try {
    const config = JSON.parse(text) as { readonly clis?: unknown } | null
    const clis = config?.clis ?? {}
    if (typeof clis !== 'object') return `clis must be an object, got ${describe(clis)}`
    for (const [name, options] of Object.entries(clis)) {
      place = `clis[${JSON.stringify(name)}]: `
      assertHomeOptions(options)
    }
    return undefined
  } catch (error) {
    return `${place}${error instanceof Error ? error.message : String(error)}`
  }
}

export const checkEnvironment: Check = () => {
  if (isOn(process.env['CLI_OPS_DISABLED'])) {
    return warning(
      'CLI_OPS_DISABLED is set, so what is started from here takes no locks and emits nothing',
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
  const set = Object.keys(process.env).filter((name) => name.startsWith('CLI_OPS_'))
  // Names only: a URL may hold a password.
  return ok(set.length === 0 ? 'nothing is set' : `${set.sort().join(', ')} set`)
}
