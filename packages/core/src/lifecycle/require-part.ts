import type * as CleanUp from './clean-up.js'
import type * as Locks from './locks.js'

/** The parts of the lifecycle that few commands need. */
interface Parts {
  readonly locks: typeof Locks
  readonly 'clean-up': typeof CleanUp
}

let provided: Parts | undefined

/** Gives the parts at once, where there are no files to load them from. */
export function provideParts(parts: Parts): void {
  provided = parts
}

/**
 * Loads a part, synchronously, so that a synchronous command stays synchronous. Without provided parts it works within
 * the bundle of the runtime only, which is CommonJS for the same reason.
 */
export function requirePart<Name extends keyof Parts>(name: Name): Parts[Name] {
  if (provided !== undefined) return provided[name]
  /* eslint-disable @typescript-eslint/no-require-imports -- an import() would be asynchronous */
  switch (name) {
    case 'locks':
      return require('@cli-ops/shared-ipc/lifecycle/locks') as Parts[Name]
    default:
      return require('@cli-ops/shared-ipc/lifecycle/clean-up') as Parts[Name]
  }
}
