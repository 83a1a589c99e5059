import { INITIAL_PID_NAMESPACE, type ProcessIdentity } from './process-identity.js'

/**
 * Tells whether others cannot judge a process by its pid: it is on Linux, in another pid namespace than the initial one.
 * Without the kernel's boot id nobody could conclude anything from a socket either.
 */
export function needsLivenessSocket({ boot, pidNamespace }: ProcessIdentity): boolean {
  return boot !== '' && pidNamespace !== INITIAL_PID_NAMESPACE
}
