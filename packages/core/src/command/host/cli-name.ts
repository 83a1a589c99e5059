import { readText } from '../../base/files/read-text.js'
import { fs, path } from '../../base/builtins.js'

/** A program as its package installs it. */
export interface PackageBin {
  /** Its entry in `bin`: the name that npm, pnpm and yarn install, however it was started this time. */
  readonly name: string
  /** Every entry for the same file. */
  readonly names: readonly string[]
  /** Name of the package, with its scope. */
  readonly packageName: string | undefined
  readonly version: string | undefined
  /** The folder of the package.json. */
  readonly folder: string
  /** The file itself, with all links resolved. */
  readonly script: string
  /** False if `bin` names another file of the package, and the entry is only the best match. */
  readonly isEntry: boolean
}

interface Manifest {
  readonly name?: unknown
  readonly version?: unknown
  readonly bin?: unknown
}

/**
 * Returns the `bin` entry of a script in the nearest package.json: the entry for its file, else the only one, else the one
 * named after the package. Returns `undefined` for a script that no package installs, and if a file cannot be read.
 */
export function packageBinOf(script: string | undefined): PackageBin | undefined {
  if (!script) return undefined
  try {
    const file = fs.realpathSync.native(script)
    for (let folder = parentOf(file); folder !== ''; folder = parentOf(folder)) {
      const manifest = readManifest(folder)
      if (manifest !== undefined) return binOf(manifest, folder, file)
      // Anything above belongs to other packages.
      if (folder.endsWith(`${path.sep}node_modules`)) return undefined
    }
  } catch {
    // The file is missing, or package.json is not valid JSON: the program runs anyway.
  }
  return undefined
}

function parentOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf(path.sep)))
}

/** A package.json without name and `bin`, such as `{ "type": "module" }` in a build folder, does not count as a package. */
function readManifest(folder: string): Manifest | undefined {
  const file = `${folder}${path.sep}package.json`
  // Most folders have none, and an exception costs more than a stat.
  if (fs.statSync(file, { throwIfNoEntry: false }) === undefined) return undefined
  const manifest = JSON.parse(readText(file)) as Manifest | null
  return manifest?.name === undefined && manifest?.bin === undefined ? undefined : manifest
}

function binOf(
  { name, version, bin }: Manifest,
  folder: string,
  file: string,
): PackageBin | undefined {
  const packageName = typeof name === 'string' ? name : undefined
  const unscoped = packageName?.slice(packageName.lastIndexOf('/') + 1)
  const targets = targetsOf(bin, unscoped)
  const names = targets.filter(([, target]) => isFile(target, folder, file)).map(([key]) => key)
  const all = targets.map(([key]) => key)
  const candidates =
    names.length > 0 ? names : all.length === 1 ? all : all.filter((key) => key === unscoped)
  const [first] = candidates
  if (first === undefined) return undefined
  return {
    name: unscoped !== undefined && candidates.includes(unscoped) ? unscoped : first,
    names: candidates,
    packageName,
    version: typeof version === 'string' ? version : undefined,
    folder,
    script: file,
    isEntry: names.length > 0,
  }
}

function targetsOf(bin: unknown, unscoped: string | undefined): (readonly [string, string])[] {
  if (typeof bin === 'string') return unscoped ? [[unscoped, bin]] : []
  if (typeof bin !== 'object' || bin === null || Array.isArray(bin)) return []
  return Object.entries(bin).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0] !== '',
  )
}

function isFile(target: string, folder: string, file: string): boolean {
  const plain = target.startsWith('./') ? target.slice(2) : target
  if (`${folder}${path.sep}${plain}` === file) return true
  // The entry can itself be a link, or use another platform's path syntax.
  const resolved = path.resolve(folder, target)
  if (resolved === file) return true
  try {
    return fs.realpathSync.native(resolved) === file
  } catch {
    return false
  }
}
