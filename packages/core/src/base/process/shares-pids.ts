import type { ProcessIdentity } from './process-identity.js'

/**
 * Returns whether a pid provably means the same process to both: they are in one pid namespace of one running kernel. A missing fact
 * equals nothing, not even another missing one. Only Linux has several process tables on a machine and identifies them; elsewhere the
 * machine decides.
 */
export function sharesPids(one: ProcessIdentity, other: ProcessIdentity): boolean {
  if (one.boot !== other.boot || one.pidNamespace !== other.pidNamespace) return false
  if (one.boot !== '' && one.pidNamespace !== '') return true
  const hasNoSuchFacts = one.boot === '' && one.pidNamespace === '' && process.platform !== 'linux'
  return hasNoSuchFacts && one.machine !== '' && one.machine === other.machine
}
