import { entryPath } from '../../base/builtins.js'
import { parseFree } from './locks/lock-names.js'
import { HIDDEN_PARTS } from './home/hidden-parts.js'
import type { UsualHome } from './home/usual-home.js'

/** What is empty where nobody else runs, and nobody has died. */
const EMPTY = ['registry', 'claims', 'queues']
/** A home with more locks than these is worth a whole clean-up. */
const MAX_LOCKS = 8
/** So many bytes of events may outlast their time: a command pays more for removing them than they take. */
const MAX_OLD_BYTES = 16 * 1024

/**
 * Tells by a few names whether a clean-up would find nothing to do: no other instance, no waiter, a few locks that are all free, and a short
 * log. The first command after a pause pays for no more where that is so.
 */
export function isNothingLeft({ root, base, fileSystem }: UsualHome): boolean {
  if (fileSystem.list(entryPath(root, 'liveness')).length > 0) return false
  for (const name of [...EMPTY, ...Object.values(HIDDEN_PARTS)])
    if (fileSystem.list(entryPath(base, name)).length > 0) return false
  const locks = entryPath(base, 'locks')
  const names = fileSystem.list(locks)
  if (names.length > MAX_LOCKS) return false
  for (const name of names) {
    const [state = '', ...others] = fileSystem.list(entryPath(locks, name))
    if (others.length > 0 || parseFree(state) === undefined) return false
  }
  const events = entryPath(base, 'events')
  const [segment = '', ...more] = fileSystem.list(events)
  const size = fileSystem.status(entryPath(events, segment))?.size
  return more.length === 0 && size !== undefined && size <= MAX_OLD_BYTES
}
