import { entryPath } from '../../base/builtins.js'
import { parseFree } from './locks/lock-names.js'
import { HIDDEN_PARTS } from './home/hidden-parts.js'
import type { FileSystem } from './home/file-system.js'

/** The directories that are empty if no other process runs, and none has died. */
const EMPTY = ['registry', 'claims', 'queues']
/** A home with more locks is worth a full clean-up. */
const MAX_LOCKS = 8
/**
 * This many bytes of events can exceed their retention: removing them would cost a command more than keeping them.
 */
const MAX_OLD_BYTES = 16 * 1024

/**
 * Checks by a few names whether a clean-up would find nothing: no other instance, no waiter, a few locks that are all free, and a short log.
 * In that case the first command after a pause pays for no more.
 */
export function isNothingLeft(fileSystem: FileSystem, root: string, base: string): boolean {
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
