import type { ProcessIdentity } from './process-identity.js'

/**
 * Tells whether it is proven that a pid means the same process to both: they are in one pid namespace of one running kernel.
 * A fact that is absent equals nothing, not even another absent one. Only Linux has more than one process table on a
 * machine, and says which; elsewhere the machine decides.
 */
export function sharesPids(one: ProcessIdentity, other: ProcessIdentity): boolean {
  if (one.boot !== other.boot || one.pidNamespace !== other.pidNamespace) return false
  if (one.boot !== '' && one.pidNamespace !== '') return true
  const hasNoSuchFacts = one.boot === '' && one.pidNamespace === '' && process.platform !== 'linux'
  return hasNoSuchFacts && one.machine !== '' && one.machine === other.machine
}
