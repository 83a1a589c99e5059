import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { Framework } from './frameworks.js'

/** The source of the kit's own packages. */
export interface PackageSource {
  /** The version of this package, which all of them share. */
  readonly version: string
  /** A folder of tarballs; undefined for the registry. */
  readonly tarballs?: string | undefined
}

const CORE = '@cli-ops/shared-ipc'

/** Returns the package.json of a new program. */
export function projectManifest(name: string, framework: Framework, source: PackageSource): object {
  const own = (dependency: string): Record<string, string> => ({
    [dependency]: rangeOf(dependency, source),
  })
  return {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    bin: { [name]: `./${framework.main}` },
    engines: { node: '>=20.19' },
    scripts: { start: `node ${framework.main}`, test: 'node --test' },
    ...framework.manifest(name),
    dependencies: { ...own(framework.plugin), ...framework.dependencies },
    devDependencies: own(CORE),
    // npm resolves the plugin's core to this package's; Yarn would ask the registry for it without this.
    ...(source.tarballs !== undefined && { resolutions: own(CORE) }),
  }
}

/**
 * Returns the same settings for pnpm, which reads them from its own file; undefined if everything comes from the
 * registry.
 */
export function pnpmSettings(source: PackageSource): string | undefined {
  if (source.tarballs === undefined) return undefined
  return `packages:\n  - .\noverrides:\n  '${CORE}': '${rangeOf(CORE, source)}'\n`
}

/** @throws TypeError if the folder cannot be read */
function filesIn(tarballs: string): string[] {
  try {
    return readdirSync(tarballs)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    const got = JSON.stringify(tarballs)
    throw new TypeError(`--tarballs must be a folder of tarballs, got ${got} (${code})`, {
      cause: error,
    })
  }
}

/** @throws TypeError if the folder has no tarball of the package, or several */
function rangeOf(dependency: string, { version, tarballs }: PackageSource): string {
  if (tarballs === undefined) return `^${version}`
  const beginning = `${dependency.replace('@', '').replace('/', '-')}-`
  const found = filesIn(tarballs).filter(
    (file) => file.startsWith(beginning) && /^\d.*\.tgz$/u.test(file.slice(beginning.length)),
  )
  const [file, another] = found
  if (file !== undefined && another === undefined) return `file:${resolve(join(tarballs, file))}`
  throw new TypeError(`${tarballs} must have one tarball of ${dependency}, got ${found.length}`)
}
