import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import type { Load } from '@cli-ops/shared-ipc/command'

/** The first major version whose instances accept the plugin: earlier ones have no reachable class. */
const FIRST_MAJOR = 17

/** How a program requests yargs: `yargs`, `yargs/yargs`, or, from an ES module, the file itself. */
const REQUESTS = /(?:^|[\\/])yargs(?:[\\/](?:index|yargs)(?:\.c?js)?)?$/u

/**
 * Returns the version of a loaded yargs that is too old for the plugin; `undefined` if it is another module, or new enough.
 */
export function unsupportedVersion({ request, from }: Load): string | undefined {
  if (!REQUESTS.test(request)) return undefined
  try {
    const file = createRequire(from ?? request).resolve(request)
    const version = versionOf(dirname(file))
    return isTooOld(version) ? version : undefined
  } catch {
    // The program's own folder of that name, or a folder that is not a package.
    return undefined
  }
}

/**
 * Returns the version of a too old yargs that a package depends on, for a program that is an ES module: imports of those cannot
 * be observed.
 */
export function unsupportedDependency(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined
  try {
    const manifest = join(folder, 'package.json')
    const { type, dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      readonly type?: unknown
      readonly dependencies?: object
    }
    if (type !== 'module' || !Object.hasOwn(dependencies ?? {}, 'yargs')) return undefined
    const version = versionOf(dirname(createRequire(manifest).resolve('yargs')))
    return isTooOld(version) ? version : undefined
  } catch {
    return undefined
  }
}

function isTooOld(version: string | undefined): boolean {
  return version !== undefined && Number.parseInt(version, 10) < FIRST_MAJOR
}

function versionOf(folder: string): string | undefined {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return folder === dirname(folder) ? undefined : versionOf(dirname(folder))
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  const { name, version } = manifest
  return name === 'yargs' && typeof version === 'string' ? version : undefined
}
