import type * as CleanUp from './clean-up.js'
import type * as Locks from './locks.js'

/** The parts of the lifecycle that few commands need. */
interface Parts {
  readonly locks: typeof Locks
  readonly 'clean-up': typeof CleanUp
}

/**
 * Loads a part, synchronously, so that a synchronous command stays synchronous. Works within the bundle of the runtime
 * only, which is CommonJS for the same reason.
 */
export function requirePart<Name extends keyof Parts>(name: Name): Parts[Name] {
  /* eslint-disable @typescript-eslint/no-require-imports -- an import() would be asynchronous */
  switch (name) {
    case 'locks':
      return require('@cli-ops/shared-ipc/lifecycle/locks') as Parts[Name]
    default:
      return require('@cli-ops/shared-ipc/lifecycle/clean-up') as Parts[Name]
  }
}
