import { INITIAL_PID_NAMESPACE, type ProcessIdentity } from './process-identity.js'

/**
 * Returns whether others cannot judge a process by its pid: it is on Linux, outside the initial pid namespace. Without the kernel's
 * boot id, a socket would not help either.
 */
export function needsLivenessSocket({ boot, pidNamespace }: ProcessIdentity): boolean {
  return boot !== '' && pidNamespace !== INITIAL_PID_NAMESPACE
}
