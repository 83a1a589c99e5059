/** The parts of the lifecycle that few commands need. */
interface Parts {
  readonly locks: typeof import('./locks.js')
  readonly 'clean-up': typeof import('./clean-up.js')
}

/**
 * Loads a part, synchronously, so that a synchronous command stays synchronous. Works within the bundle of the runtime
 * only, which is CommonJS for the same reason.
 */
export function requirePart<Name extends keyof Parts>(name: Name): Parts[Name] {
  switch (name) {
    case 'locks':
      return require('@cli-ops/shared-ipc/lifecycle/locks') as Parts[Name]
    default:
      return require('@cli-ops/shared-ipc/lifecycle/clean-up') as Parts[Name]
  }
}
