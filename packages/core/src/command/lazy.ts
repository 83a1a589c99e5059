import type * as Kit from '@cli-ops/shared-ipc'
import type * as Lifecycle from './lifecycle.js'
import type * as Parts from './parts.js'

export * from '../base/lazy.js'

// The build turns this file into CommonJS: only `require()` loads synchronously on every supported Node, and every bundler follows a
// literal one. An `import()` would make a synchronous command asynchronous.

/** Loads what only a few commands need. */
export function loadParts(): typeof Parts {
  return require('@cli-ops/shared-ipc/command/parts') as typeof Parts
}

/** Loads the full lifecycle, for a command that is not a usual one. */
export function loadFullLifecycle(): typeof Lifecycle {
  return require('@cli-ops/shared-ipc/command/lifecycle') as typeof Lifecycle
}

/** Loads the whole kit: a command that does not use it must not pay for it. */
export function loadKit(): typeof Kit {
  return require('@cli-ops/shared-ipc') as typeof Kit
}
