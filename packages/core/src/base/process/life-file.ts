import { entryPath, fs } from '../builtins.js'
import { ownIdentity, type ProcessIdentity } from './process-identity.js'
import { processPart } from './process-state.js'
import { sharesPids } from './shares-pids.js'

/** open(2): a file that never gets a name and disappears with its last descriptor. */
const O_TMPFILE = 0o20000000

/** A mode that no other nameless file has; the sticky bit has no effect on files. */
const MODE = 0o1600
const REGULAR = 0o100000

/**
 * Opens a nameless file that this process keeps open until it ends, for whatever reason. The kernel then removes it and notifies its
 * watchers (`inotify(7)`, IN_DELETE_SELF). One per process is enough, in any directory. On a file system without such files, others
 * have to poll.
 */
export function openLifeFile(directory: string): void {
  const life = processPart('life-file', (): { isTried: boolean } => ({ isTried: false }))
  if (life.isTried || process.platform !== 'linux') return
  try {
    // Children do not inherit it: Node opens files with close-on-exec.
    fs.openSync(directory, fs.constants.O_RDWR | fs.constants.O_DIRECTORY | O_TMPFILE, MODE)
    life.isTried = true
  } catch (error) {
    // A missing directory can appear later; a refusal by the file system or permissions is final.
    life.isTried = (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

/**
 * Calls back when a process has ended or is about to, notified by the kernel instead of polling; `undefined` if that is not possible.
 * A hint: the caller must check again, now and a moment later, whether the process still exists. Keeps no process alive.
 */
export function watchEnd(
  identity: ProcessIdentity,
  listener: () => void,
): { close(): void } | undefined {
  for (const path of lifeFilesOf(identity)) {
    try {
      const watcher = fs.watch(path, { persistent: false }, listener)
      watcher.on('error', () => {
        watcher.close()
      })
      return watcher
    } catch {
      // The process has ended, or there are no watches left.
    }
  }
  return undefined
}

/** Returns the file whose change shows that a process has ended or is about to, see {@link watchEnd}. */
export function lifeFileOf(identity: ProcessIdentity): string | undefined {
  return lifeFilesOf(identity).next().value
}

function* lifeFilesOf(identity: ProcessIdentity): Generator<string, undefined> {
  if (!sharesPids(identity, ownIdentity())) return undefined
  const { pid, tid, partner } = identity
  // A thread can end without its process.
  const pids = [...(tid === pid ? [pid] : []), ...(partner === undefined ? [] : [partner.pid])]
  for (const one of pids) {
    const path = lifeFileIn(`/proc/${one}/fd`)
    if (path !== undefined) yield path
  }
  return undefined
}

/** The descriptor that was the life file of the last process: processes of one program open it at the same number. */
let lastFound = ''

function lifeFileIn(directory: string): string | undefined {
  const isLife = (name: string): boolean => isLifeFile(entryPath(directory, name))
  try {
    const name = isLife(lastFound) ? lastFound : fs.readdirSync(directory).find(isLife)
    if (name === undefined) return undefined
    lastFound = name
    return entryPath(directory, name)
  } catch {
    // It has ended, or is another user's.
    return undefined
  }
}

function isLifeFile(path: string): boolean {
  try {
    const { mode, nlink } = fs.statSync(path)
    return mode === (REGULAR | MODE) && nlink === 0
  } catch {
    return false
  }
}
