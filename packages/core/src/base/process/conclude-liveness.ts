import type { ProcessIdentity } from './process-identity.js'
import { sharesPids } from './shares-pids.js'

/**
 * What is known of a process. Only `dead` is a proof; `unknown` (another container, another machine)
 * must be treated as alive.
 */
export type Liveness = 'running' | 'stopped' | 'dead' | 'unknown'

/** What can be found out about a process. */
export interface LivenessEvidence {
  /** False on a network file system, where another boot id may be another living machine. */
  readonly localFileSystem: boolean
  /** When this kernel booted at the latest, in milliseconds since the epoch. */
  bootedAt(): number
  /** What the process table says where pids mean the same. */
  inTable(): Liveness
  /** What the kernel says of a process of another pid namespace. */
  elsewhere(): Liveness
}

/**
 * Concludes whether a process exists, as one sees it that has the identity `self`. A fact that is absent equals nothing, not even
 * another absent one, and what one cannot look at is unknown.
 */
export function concludeLiveness(
  identity: ProcessIdentity,
  self: ProcessIdentity,
  evidence: LivenessEvidence,
): Liveness {
  if (sharesPids(identity, self)) {
    // Where the kernel gives no boot id, the machine alone tells two of them apart.
    return self.boot === '' && !evidence.localFileSystem ? 'unknown' : evidence.inTable()
  }
  if (identity.boot === '' || self.boot === '') return 'unknown'
  if (identity.boot === self.boot) return evidence.elsewhere()
  return isOfEarlierBoot(identity, self, evidence) ? 'dead' : 'unknown'
}

/** Two kernels may run on one machine id, as in a virtual machine that was given its host's. */
function isOfEarlierBoot(
  { machine, seenAt }: ProcessIdentity,
  self: ProcessIdentity,
  evidence: LivenessEvidence,
): boolean {
  const isThisMachine = evidence.localFileSystem && machine !== '' && machine === self.machine
  return isThisMachine && seenAt !== '' && Number(seenAt) * 1000 < evidence.bootedAt()
}
