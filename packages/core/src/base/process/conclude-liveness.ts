import type { ProcessIdentity } from './process-identity.js'
import { sharesPids } from './shares-pids.js'

/**
 * What is known about a process. Only `dead` is proven; `unknown` (another container, another machine) must be treated as alive.
 */
export type Liveness = 'running' | 'stopped' | 'dead' | 'unknown'

/** Sources of evidence about a process. */
export interface LivenessEvidence {
  /** False on a network file system, where another boot id can mean another running machine. */
  readonly localFileSystem: boolean
  /** When this kernel booted at the latest, in milliseconds since the epoch. */
  bootedAt(): number
  /** Judges by the process table, if pids mean the same. */
  inTable(): Liveness
  /** Asks the kernel about a process of another pid namespace. */
  elsewhere(): Liveness
}

/**
 * Concludes whether a process exists, as seen by the process with the identity `self`. A missing fact equals nothing, not even another
 * missing one, and anything that cannot be checked is unknown.
 */
export function concludeLiveness(
  identity: ProcessIdentity,
  self: ProcessIdentity,
  evidence: LivenessEvidence,
): Liveness {
  if (sharesPids(identity, self)) {
    // Without a boot id from the kernel, only the machine id distinguishes two kernels.
    return self.boot === '' && !evidence.localFileSystem ? 'unknown' : evidence.inTable()
  }
  if (identity.boot === '' || self.boot === '') return 'unknown'
  if (identity.boot === self.boot) return evidence.elsewhere()
  return isOfEarlierBoot(identity, self, evidence) ? 'dead' : 'unknown'
}

/** Two kernels can run with one machine id, such as a virtual machine with its host's. */
function isOfEarlierBoot(
  { machine, seenAt }: ProcessIdentity,
  self: ProcessIdentity,
  evidence: LivenessEvidence,
): boolean {
  const isThisMachine = evidence.localFileSystem && machine !== '' && machine === self.machine
  return isThisMachine && seenAt !== '' && Number(seenAt) * 1000 < evidence.bootedAt()
}
