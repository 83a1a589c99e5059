import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { FRAMEWORKS } from '../init/frameworks.js'
import { installedVersion } from '../init/read-project.js'
import { NotAttachable, runInstead } from './not-attachable.js'

export const OCLIF_CORE = '@oclif/core'

/** The frameworks that have a preload. */
export const PRELOADED = FRAMEWORKS.filter(({ name }) => name !== OCLIF_CORE)

/** Returns whether a package declares itself an oclif CLI. */
export function isOclifCli(folder: string): boolean {
  const { oclif } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly oclif?: unknown
  }
  return typeof oclif === 'object' && oclif !== null
}

/**
 * Returns the version of a CLI's oclif; `null` if it is bundled into the CLI.
 *
 * @throws NotAttachable if the plugin does not support that version
 */
export function oclifVersion(
  folder: string,
  program: string,
  lock: string | undefined,
): string | null {
  const version = installedVersion({ folder }, OCLIF_CORE)
  const [first = 0, last = 0] = FRAMEWORKS.find(({ name }) => name === OCLIF_CORE)?.majors ?? []
  const major = Number.parseInt(version ?? '', 10)
  if (version === undefined || (major >= first && major <= last)) return version ?? null
  throw new NotAttachable(
    `its ${OCLIF_CORE} is ${version}, but ${first} or ${last} is needed`,
    runInstead(program, lock),
  )
}
