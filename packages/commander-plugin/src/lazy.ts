import type * as Lifecycle from './lifecycle.js'
import type * as MountOps from './mount-ops.js'

export * from '@cli-ops/shared-ipc/command/lazy'

let mountOps: typeof MountOps | undefined

/** Loads what a command needs when it begins: whoever asks for help or the version pays for none of it. */
export function loadLifecycle(): typeof Lifecycle {
  return require('./lifecycle.cjs') as typeof Lifecycle
}

/** Loads what mounts the `ops` commands. */
export function loadMountOps(): typeof MountOps {
  return (mountOps ??= require('./mount-ops.cjs') as typeof MountOps)
}

/** What mounts the `ops` commands, where it has been loaded. */
export function loadedMountOps(): typeof MountOps | undefined {
  return mountOps
}

/** The copy of commander that the plugin is installed beside, or bundled with. */
export function loadCommander(): unknown {
  return require('commander')
}

/** The CommonJS modules that the program has loaded, by their files; nothing in most bundles. */
export function loadedModules(): Readonly<
  Record<string, { readonly exports: unknown } | undefined>
> {
  try {
    return require.cache ?? {}
  } catch {
    // A bundle that is an ES module, where rollup leaves `require` as it is.
    return {}
  }
}
