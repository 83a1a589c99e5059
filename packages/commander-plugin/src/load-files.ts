import type * as Lifecycle from './lifecycle.js'
import type * as MountOps from './mount-ops.js'

/** The files that are loaded when they are needed: whoever asks for help or the version pays for none. */
interface Files {
  lifecycle?: typeof Lifecycle
  mountOps?: typeof MountOps
}

const files: Files = {}

/** Gives the files at once, for a program that was bundled into one file and has no others to load. */
export function provideFiles(provided: Required<Files>): void {
  Object.assign(files, provided)
}

/** Loads what a command needs when it begins. */
export function loadLifecycle(): typeof Lifecycle {
  return (files.lifecycle ??= requireLifecycle())
}

/** Loads what mounts the `ops` commands. */
export function loadMountOps(): typeof MountOps {
  return (files.mountOps ??= requireMountOps())
}

/** What mounts the `ops` commands, where it has been loaded. */
export function loadedMountOps(): typeof MountOps | undefined {
  return files.mountOps
}

// Is there nowhere, and caught. The build makes `require` of it in the `main` of the package: esbuild, which prefers `main` to
// `module`, sees that and takes the files along.
declare const REQUIRE_OF_BUNDLERS: NodeJS.Require

function requireLifecycle(): typeof Lifecycle {
  try {
    return REQUIRE_OF_BUNDLERS('./lifecycle.cjs') as typeof Lifecycle
  } catch {
    return requireOwn('lifecycle.cjs') as typeof Lifecycle
  }
}

function requireMountOps(): typeof MountOps {
  try {
    return REQUIRE_OF_BUNDLERS('./mount-ops.cjs') as typeof MountOps
  } catch {
    return requireOwn('mount-ops.cjs') as typeof MountOps
  }
}

/** The class of CommonJS modules as nearly everything that loads them by itself uses it. */
interface OwnModule {
  exports: unknown
  filename: string
  _compile?(content: string, filename: string): void
}

/**
 * Loads a file that lies beside this one. Node is not asked to find it: the path arithmetic of that would bring V8 to optimize
 * `normalizeString` in the middle of most commands, which costs more than all else that the plugin does (12 million
 * instructions, 6 ms). What the file requires itself it finds by `createRequire()`.
 */
function requireOwn(name: string): unknown {
  const { createRequire, Module } = process.getBuiltinModule('node:module')
  const file = `${import.meta.dirname}/${name}`
  const module = new Module(file) as unknown as OwnModule
  if (module._compile === undefined) return createRequire(import.meta.url)(file)
  module.filename = file
  module._compile(process.getBuiltinModule('node:fs').readFileSync(file, 'utf8'), file)
  return module.exports
}
