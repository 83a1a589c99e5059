import type * as PartsModule from './parts.js'

type Parts = typeof PartsModule

let parts: Parts | undefined

/** Gives the parts at once, for a program that was bundled into one file and has no others to load. */
export function provideParts(provided: Parts): void {
  parts = provided
}

/** Loads what only few commands need. */
export function loadParts(): Parts {
  return (parts ??= requireParts())
}

// Is there nowhere, and caught. In the `main` of a package without `exports` the build makes `require` of it: esbuild, which prefers
// `main` to `module`, sees that and takes the parts along.
declare const REQUIRE_OF_BUNDLERS: NodeJS.Require

function requireParts(): Parts {
  try {
    return REQUIRE_OF_BUNDLERS('@cli-ops/shared-ipc/lifecycle/parts') as Parts
  } catch {
    // Asked for in this way, the module and `import.meta` cost only those commands.
    const { createRequire } = process.getBuiltinModule('node:module')
    return createRequire(import.meta.url)('@cli-ops/shared-ipc/lifecycle/parts') as Parts
  }
}
