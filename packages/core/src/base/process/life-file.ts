import { entryPath, fs } from '../builtins.js'
import { ownIdentity, type ProcessIdentity } from './process-identity.js'
import { processPart } from './process-state.js'
import { sharesPids } from './shares-pids.js'

/** open(2): a file that never gets a name, and is gone with the last descriptor. */
const O_TMPFILE = 0o20000000

/** A mode that no other nameless file has; the sticky bit means nothing on a file. */
const MODE = 0o1600
const REGULAR = 0o100000

/**
 * Opens a nameless file that this process keeps until it ends, however it ends. The kernel removes it then, and tells those who watch it
 * (`inotify(7)`, IN_DELETE_SELF). One a process is enough, whatever directory it is in; a file system that has none leaves
 * others to look by the time.
 */
export function openLifeFile(directory: string): void {
  const life = processPart('life-file', (): { isTried: boolean } => ({ isTried: false }))
  if (life.isTried || process.platform !== 'linux') return
  try {
    // Not inherited by children: Node closes on exec what it opens.
    fs.openSync(directory, fs.constants.O_RDWR | fs.constants.O_DIRECTORY | O_TMPFILE, MODE)
    life.isTried = true
  } catch (error) {
    // A directory may be there later; what the file system or a permission refuses once, it refuses again.
    life.isTried = (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

/**
 * Calls back when a process has ended or is about to, by the kernel and not by the time; `undefined` where that cannot be heard. A hint:
 * whoever hears it asks once more whether the process is there, a moment later too. Keeps no process alive.
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
      // It has ended, or there are no watches left.
    }
  }
  return undefined
}

/** The file whose change tells that a process has ended or is about to, see {@link watchEnd}. */
export function lifeFileOf(identity: ProcessIdentity): string | undefined {
  return lifeFilesOf(identity).next().value
}

function* lifeFilesOf(identity: ProcessIdentity): Generator<string, undefined> {
  if (!sharesPids(identity, ownIdentity())) return undefined
  const { pid, tid, partner } = identity
  // A thread ends without its process.
  const pids = [...(tid === pid ? [pid] : []), ...(partner === undefined ? [] : [partner.pid])]
  for (const one of pids) {
    const path = lifeFileIn(`/proc/${one}/fd`)
    if (path !== undefined) yield path
  }
  return undefined
}

function lifeFileIn(directory: string): string | undefined {
  try {
    const name = fs.readdirSync(directory).find((one) => isLifeFile(entryPath(directory, one)))
    return name && entryPath(directory, name)
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
