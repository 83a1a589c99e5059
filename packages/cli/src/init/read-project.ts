import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

/** The package that a folder belongs to. */
export interface Project {
  readonly folder: string
  readonly manifest: Manifest
  /** The command that adds a package here: `npm install`, `pnpm add`, … */
  readonly install: string
}

/** The fields read from a package.json; any can be missing or malformed. */
export interface Manifest {
  readonly type?: unknown
  readonly bin?: unknown
  readonly main?: unknown
  readonly dependencies?: unknown
  readonly devDependencies?: unknown
  readonly peerDependencies?: unknown
  readonly oclif?: unknown
}

const INSTALLERS: readonly (readonly [file: string, command: string])[] = [
  ['pnpm-lock.yaml', 'pnpm add'],
  ['yarn.lock', 'yarn add'],
  ['bun.lock', 'bun add'],
  ['bun.lockb', 'bun add'],
]

/**
 * Finds the nearest package.json of a folder or its parents; returns undefined if there is none.
 *
 * @throws TypeError if it is not a JSON object
 */
export function readProject(start: string): Project | undefined {
  const folder = nearest(resolve(start), ['package.json'])
  if (folder === undefined) return undefined
  const file = join(folder, 'package.json')
  return { folder, manifest: readManifest(file), install: installerOf(folder) }
}

/** Returns the version of a package as a project or another package resolves it; undefined if it does not. */
export function installedVersion(
  { folder }: Pick<Project, 'folder'>,
  name: string,
): string | undefined {
  const places = createRequire(join(folder, 'package.json')).resolve.paths(name) ?? []
  for (const place of places) {
    const file = join(place, name, 'package.json')
    if (!existsSync(file)) continue
    const { version } = readManifest(file) as { readonly version?: unknown }
    return typeof version === 'string' ? version : undefined
  }
  return undefined
}

function readManifest(file: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new TypeError(`${file} must be JSON: ${(error as Error).message}`, { cause: error })
  }
  if (typeof value === 'object' && value !== null) return value
  throw new TypeError(`${file} must hold a JSON object, got ${JSON.stringify(value)}`)
}

function installerOf(folder: string): string {
  // In a workspace, the lock file is in the root folder.
  const at = nearest(folder, ['package-lock.json', ...INSTALLERS.map(([file]) => file)])
  const found = INSTALLERS.find(([file]) => at !== undefined && existsSync(join(at, file)))
  return found?.[1] ?? 'npm install'
}

function nearest(folder: string, names: readonly string[]): string | undefined {
  if (names.some((name) => existsSync(join(folder, name)))) return folder
  const above = dirname(folder)
  return above === folder ? undefined : nearest(above, names)
}
