import { readText } from '../../base/files/read-text.js'
import { fs, path } from '../../base/builtins.js'

/** A program as its package installs it. */
export interface PackageBin {
  /** Its entry in `bin`: what npm, pnpm and yarn install the program as, whatever started it this time. */
  readonly name: string
  /** Every entry that starts the same file. */
  readonly names: readonly string[]
  /** Name of the package, with its scope. */
  readonly packageName: string | undefined
  readonly version: string | undefined
  /** Where the package.json is. */
  readonly folder: string
  /** The file itself, behind every link. */
  readonly script: string
  /** False where `bin` names another file of the package, and the entry was taken for the best of those there are. */
  readonly isEntry: boolean
}

interface Manifest {
  readonly name?: unknown
  readonly version?: unknown
  readonly bin?: unknown
}

/**
 * Finds the `bin` entry of a script in the nearest package.json: the entry whose file it is, else the only one, else the one
 * named after the package. `undefined` for a script that no package installs, and where a file cannot be read.
 */
export function packageBinOf(script: string | undefined): PackageBin | undefined {
  if (!script) return undefined
  try {
    const file = fs.realpathSync.native(script)
    for (let folder = parentOf(file); folder !== ''; folder = parentOf(folder)) {
      const manifest = readManifest(folder)
      if (manifest !== undefined) return binOf(manifest, folder, file)
      // What lies above belongs to other packages.
      if (folder.endsWith(`${path.sep}node_modules`)) return undefined
    }
  } catch {
    // No such file, or a package.json that is no JSON: the program runs nevertheless.
  }
  return undefined
}

function parentOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf(path.sep)))
}

/** A package.json without name and `bin`, such as `{ "type": "module" }` in a folder of built files, stands for no package. */
function readManifest(folder: string): Manifest | undefined {
  const file = `${folder}${path.sep}package.json`
  // Most folders have none, and an error is dearer than a look.
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
  // The entry may be a link itself, or be written as no path of this platform is.
  const resolved = path.resolve(folder, target)
  if (resolved === file) return true
  try {
    return fs.realpathSync.native(resolved) === file
  } catch {
    return false
  }
}
