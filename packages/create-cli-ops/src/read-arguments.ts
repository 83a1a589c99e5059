import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { type Framework, FRAMEWORKS } from './frameworks.js'

/** The user's arguments; missing ones are asked for. */
export interface Wanted {
  readonly folder: string | undefined
  readonly framework: Framework | undefined
  readonly tarballs: string | undefined
  readonly help: boolean
  readonly version: boolean
}

export const USAGE = `Usage: npm create cli-ops [folder] -- [options]

Creates a CLI with one lock, one event and one test.

Options:
  -f, --framework <name>  ${FRAMEWORKS.map(({ name }) => name).join(', ')}
  --tarballs <folder>     install the cli-ops packages from tarballs in a folder, not from a registry
  -h, --help              print this
  -v, --version           print the version
`

/** @throws TypeError that describes the wrong argument */
export function readArguments(args: readonly string[]): Wanted {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      framework: { type: 'string', short: 'f' },
      tarballs: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', short: 'v', default: false },
    },
  })
  const [folder, extra] = positionals
  if (extra !== undefined) throw new TypeError(`one folder can be given, got ${extra} as well`)
  const { framework, tarballs, help, version } = values
  return {
    folder,
    framework: framework === undefined ? undefined : frameworkNamed(framework),
    tarballs,
    help,
    version,
  }
}

/** @throws TypeError if there is no framework of that name */
export function frameworkNamed(name: string): Framework {
  const found = FRAMEWORKS.find((framework) => framework.name === name)
  if (found !== undefined) return found
  const names = FRAMEWORKS.map((framework) => framework.name).join(', ')
  throw new TypeError(`the framework must be one of ${names}, got ${JSON.stringify(name)}`)
}

/**
 * Returns the name of the program in a folder, which must be valid for npm, a shell and a lock.
 *
 * @throws TypeError if it is not valid
 */
export function programName(folder: string): string {
  const name = basename(resolve(folder))
  if (/^[a-z\d][a-z\d-]{0,63}$/u.test(name)) return name
  throw new TypeError(
    `the folder is the program's name: up to 64 of a to z, 0 to 9 and "-", got ${JSON.stringify(name)}`,
  )
}
