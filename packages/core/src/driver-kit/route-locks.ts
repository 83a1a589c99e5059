import type { Inbox } from './inbox.js'
import type { LeasedLocks } from './leased-locks.js'

/** Routes inbox messages to a driver's locks: grants, losses, and requests to renew. */
export function routeLocks(inbox: Inbox, locks: readonly LeasedLocks[]): void {
  inbox.route('granted', {
    onMessage: (message) => {
      for (const each of locks) each.onGranted(message)
    },
    onReady: () => {
      for (const each of locks) each.onReady()
    },
  })
  inbox.route('lost', {
    onMessage: (id) => {
      for (const each of locks) each.onLost(id)
    },
  })
  // For a lease that ended while its owner's connection still exists.
  inbox.route('renew', {
    onMessage: (id) => {
      for (const each of locks) each.renew(id)
    },
  })
}
