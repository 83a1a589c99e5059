import type { Inbox } from './inbox.js'
import type { LeasedLocks } from './leased-locks.js'

/** Has the locks of a driver hear what is said to them: who was let in, who lost a lock, and who is to show that he is there. */
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
  // A lease whose end has come while its owner's connection is there.
  inbox.route('renew', {
    onMessage: (id) => {
      for (const each of locks) each.renew(id)
    },
  })
}
