import type * as Lifecycle from './lifecycle.js'
import type * as MountOps from './mount-ops.js'

export * from '@cli-ops/shared-ipc/command/lazy'

let mountOps: typeof MountOps | undefined

/** Loads what a command needs when it begins: help and version load none of it. */
export function loadLifecycle(): typeof Lifecycle {
  return require('./lifecycle.cjs') as typeof Lifecycle
}

/** Loads the code that mounts the `ops` commands. */
export function loadMountOps(): typeof MountOps {
  return (mountOps ??= require('./mount-ops.cjs') as typeof MountOps)
}

/** Returns the code that mounts the `ops` commands, if it has been loaded. */
export function loadedMountOps(): typeof MountOps | undefined {
  return mountOps
}

/** Returns the copy of commander that the plugin is installed beside, or bundled with. */
export function loadCommander(): unknown {
  return require('commander')
}

/** Returns the CommonJS modules that the program has loaded, by file; empty in most bundles. */
export function loadedModules(): Readonly<
  Record<string, { readonly exports: unknown } | undefined>
> {
  try {
    return require.cache ?? {}
  } catch {
    // An ES module bundle in which rollup has kept `require`.
    return {}
  }
}
