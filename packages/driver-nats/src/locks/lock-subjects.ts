import type { LockMode } from '@cli-ops/shared-ipc/driver'

import { hashed, idToken, type Space } from '../space.js'

/** Where the locks of a namespace are stored. */
export interface LockSubjects {
  /** Of all held resources. */
  readonly allHolders: string
  readonly allWaiters: string
  /** Of waiters whose flow holds something. */
  readonly allFlows: string
  holders(resource: string): string
  waiters(resource: string): string
  /** A queue position: its sequence is the order of arrival. */
  waiter(claim: {
    readonly resource: string
    readonly mode: LockMode
    readonly id: string
    readonly held: readonly string[]
  }): string
  /** Written with each renewal, by the lease's owner. */
  renewal(resource: string, id: string): string
}

/** @param kind the users' locks, or the groups' */
export function lockSubjects(space: Space, kind: 'lock' | 'group'): LockSubjects {
  const root = `cli_ops.s.${space}.${kind}`
  const queues = `cli_ops.q.${space}.${kind}`
  return {
    allHolders: `${root}.h.*`,
    allWaiters: `${queues}.>`,
    allFlows: `${queues}.*.*.f.*`,
    holders: (resource) => `${root}.h.${hashed(resource)}`,
    waiters: (resource) => `${queues}.${hashed(resource)}.>`,
    waiter: ({ resource, mode, id, held }) =>
      `${queues}.${hashed(resource)}.${mode === 'shared' ? 's' : 'x'}.${held.length > 0 ? 'f' : 'n'}.${idToken(id)}`,
    renewal: (resource, id) => `${root}.l.${hashed(resource)}.${idToken(id)}`,
  }
}
