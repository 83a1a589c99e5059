import type * as Kit from '@cli-ops/shared-ipc'
import type * as Parts from './parts.js'

export * from '../base/lazy.js'

// The build makes CommonJS of this file: only `require()` loads synchronously on every supported Node, and every bundler follows one
// of a literal. An `import()` would make a synchronous command asynchronous.

/** Loads what only few commands need. */
export function loadParts(): typeof Parts {
  return require('@cli-ops/shared-ipc/command/parts') as typeof Parts
}

/** Loads the whole kit: a command that asks for none of it must not pay for it. */
export function loadKit(): typeof Kit {
  return require('@cli-ops/shared-ipc') as typeof Kit
}
