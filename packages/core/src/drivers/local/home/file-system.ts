import type { Stats } from 'node:fs'

import { giveToHeir } from '../../../base/files/heirs.js'
import { readText } from '../../../base/files/read-text.js'
import { fs } from '../../../base/builtins.js'

/** What the protocols read of a file or directory. */
export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other'
  readonly size: number
  readonly inode: number
  readonly mode: number
  readonly uid: number
  readonly modifiedMs: number
}

/**
 * The file operations that the local protocols are made of, one system call each (or as near as Node gives).
 * They are synchronous because each takes microseconds, a trip through the thread pool takes more, and exit
 * handlers can use nothing else. Tests put a simulated file system here to try every interleaving.
 *
 * Errors are Node's own, with `code`. Where absence is an ordinary answer it is returned, not thrown; a file that Windows has still to
 * remove, since somebody has it open, is absent but for the names in its directory.
 */
export interface FileSystem {
  /** Makes one directory, mode 0700. Throws `EEXIST`, `ENOENT` for a missing parent. */
  makeDirectory(path: string): void
  /** Removes an empty directory. Throws `ENOTEMPTY`, `ENOENT`. */
  removeDirectory(path: string): void
  /** Names in a directory, unsorted; none where there is no directory. */
  list(path: string): string[]
  /** As `list`, and `undefined` where there is no directory. */
  listIfThere(path: string): string[] | undefined
  /** Creates a file that must not exist, mode 0600, with this content, or none where that cannot be written. Throws `EEXIST`. */
  createFile(path: string, content: string): void
  /**
   * Writes over the beginning of a file and leaves what is behind; false where there is no such file. It does not cut the
   * file: ext4 writes a file that was cut out to the disk when it is closed, which takes milliseconds.
   */
  overwrite(path: string, content: string): boolean
  /** Whole content; `undefined` where there is no such file, or a directory. */
  readFile(path: string): string | undefined
  rename(from: string, to: string): void
  /** Removes a file. Returns false where there was none. */
  unlink(path: string): boolean
  /** Status without following symbolic links; `undefined` where there is nothing. */
  status(path: string): FileStatus | undefined

  /**
   * Opens for appending (O_APPEND) and for reading; creates only when told to. `undefined` where a file to open is
   * missing.
   */
  openAppend(path: string, options?: { readonly exclusive?: boolean }): number | undefined
  /** Opens for reading; `undefined` where there is no such file. */
  openRead(path: string): number | undefined
  /** Writes once; the number of bytes written may be smaller than asked on a full disk. */
  write(descriptor: number, bytes: Uint8Array): number
  /** Reads once at a position; 0 at the end. */
  read(descriptor: number, buffer: Uint8Array, position: number): number
  size(descriptor: number): number
  /** Size and number of names of an open file; no names are left once it was removed. */
  openStatus(descriptor: number): { readonly size: number; readonly links: number }
  sync(descriptor: number): void
  close(descriptor: number): void

  /** `f_type` of statfs(2) for the file system that holds a path; `undefined` where the platform does not say. */
  fileSystemType(path: string): number | undefined
  /** Calls `listener` after changes in a file or directory; a hint that may be lost. Throws `ENOENT`, `EMFILE`, `ENOSPC`. */
  watch(
    path: string,
    listener: () => void,
    options: { readonly persistent: boolean },
  ): { close(): void }
}

const { O_APPEND, O_WRONLY, O_RDWR, O_CREAT, O_EXCL } = fs.constants
const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK } = fs.constants

/** The real file system. */
export const nodeFileSystem: FileSystem = {
  makeDirectory: (path) => {
    fs.mkdirSync(path, 0o700)
    giveToHeir(path)
  },
  removeDirectory: (path) => {
    fs.rmdirSync(path)
  },
  list: (path) => nodeFileSystem.listIfThere(path) ?? [],
  listIfThere: (path) => {
    try {
      return fs.readdirSync(path)
    } catch (error) {
      assertMissing(error, path)
      return undefined
    }
  },
  createFile: (path, content) => {
    // The same calls as writeFileSync() makes, which is longer and compiled for this alone.
    const bytes = Buffer.from(content)
    const descriptor = fs.openSync(path, 'wx', 0o600)
    let isWritten = false
    try {
      for (let at = 0; at < bytes.length;) at += fs.writeSync(descriptor, bytes, at)
      giveToHeir(path)
      isWritten = true
    } finally {
      fs.closeSync(descriptor)
      // Its name alone would say something already: that somebody waits.
      if (!isWritten) fs.unlinkSync(path)
    }
  },
  overwrite: (path, content) =>
    unlessMissing(path, () => {
      const descriptor = fs.openSync(path, O_WRONLY)
      try {
        fs.writeSync(descriptor, content, 0)
      } finally {
        fs.closeSync(descriptor)
      }
      return true
    }) ?? false,
  readFile: (path) => {
    try {
      return readText(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EISDIR') assertMissing(error, path)
      return undefined
    }
  },
  rename: (from, to) => {
    fs.renameSync(from, to)
  },
  unlink: (path) => {
    try {
      fs.unlinkSync(path)
      return true
    } catch (error) {
      assertMissing(error, path)
      return false
    }
  },
  status: (path) => {
    try {
      const stats = fs.lstatSync(path, { throwIfNoEntry: false })
      return stats === undefined ? undefined : toStatus(stats)
    } catch (error) {
      // What stands in for `fs` in tests of a program says so by throwing.
      if (isRefused(error) || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  },
  openAppend: (path, options) => {
    const isNew = options?.exclusive === true
    try {
      if (!isNew) return fs.openSync(path, O_APPEND | O_RDWR)
      const descriptor = fs.openSync(path, O_APPEND | O_RDWR | O_CREAT | O_EXCL, 0o600)
      giveToHeir(path)
      return descriptor
    } catch (error) {
      if (isNew) throw error
      assertMissing(error, path)
      return undefined
    }
  },
  openRead: (path) => unlessMissing(path, () => fs.openSync(path, 'r')),
  write: (descriptor, bytes) => fs.writeSync(descriptor, bytes),
  read: (descriptor, buffer, position) =>
    fs.readSync(descriptor, buffer, 0, buffer.length, position),
  size: (descriptor) => fs.fstatSync(descriptor).size,
  openStatus: (descriptor) => {
    const { size, nlink } = fs.fstatSync(descriptor)
    return { size, links: nlink }
  },
  sync: (descriptor) => {
    fs.fdatasyncSync(descriptor)
  },
  close: (descriptor) => {
    fs.closeSync(descriptor)
  },
  fileSystemType: (path) =>
    // Other platforms have numbers of their own, some of them given out at mount time.
    process.platform === 'linux' ? fs.statfsSync(path).type : undefined,
  watch: (path, listener, options) => {
    const watcher = fs.watch(path, { persistent: options.persistent }, listener)
    // A watched directory that is removed makes Windows emit an error; the slow poll takes over.
    watcher.on('error', () => {
      watcher.close()
    })
    return watcher
  },
}

/** Passes on every error but that of a file that is missing, or of one that is on its way out. */
function assertMissing(error: unknown, path: string): void {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
  if (!isRefused(error) || nodeFileSystem.status(path) !== undefined) throw error
}

/**
 * Where Windows removes a file that somebody has open, its name stays until the last one closes it, and whatever is done with the name
 * is refused, even a look at it (`STATUS_DELETE_PENDING`; Node 20, and later ones on FAT). A file that is there can be looked at by whoever may list its directory.
 */
function isRefused(error: unknown): boolean {
  return process.platform === 'win32' && (error as NodeJS.ErrnoException).code === 'EPERM'
}

function unlessMissing<T>(path: string, operation: () => T): T | undefined {
  try {
    return operation()
  } catch (error) {
    assertMissing(error, path)
    return undefined
  }
}

// The methods of `Stats` say the same, but each of them is compiled first.
function toStatus({ size, ino, mode, uid, mtimeMs }: Stats): FileStatus {
  const type = mode & S_IFMT
  const kind =
    type === S_IFREG
      ? 'file'
      : type === S_IFDIR
        ? 'directory'
        : type === S_IFLNK
          ? 'symlink'
          : 'other'
  return { kind, size, inode: ino, mode, uid, modifiedMs: mtimeMs }
}
