import type { Stats } from 'node:fs'

import { giveToOwner } from '../../../base/files/inherit-owner.js'
import { readText } from '../../../base/files/read-text.js'
import { fs } from '../../../base/builtins.js'

/** The status fields of a file or directory that the protocols read. */
export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other'
  readonly size: number
  readonly inode: number
  readonly mode: number
  readonly uid: number
  readonly modifiedMs: number
}

/**
 * The file operations behind the local protocols, one system call each (or as near as Node gets). They are
 * synchronous: each takes microseconds, a trip through the thread pool takes more, and exit handlers can use nothing
 * else. Tests substitute a simulated file system to try every interleaving.
 *
 * Errors are Node's own, with `code`. If absence is an ordinary answer, it is returned, not thrown. On Windows, a deleted file that a
 * process still has open counts as absent, except for its name in the directory.
 */
export interface FileSystem {
  /** Creates one directory, mode 0700. Throws `EEXIST`, `ENOENT` for a missing parent. */
  makeDirectory(path: string): void
  /** Removes an empty directory. Throws `ENOTEMPTY`, `ENOENT`. */
  removeDirectory(path: string): void
  /** Returns the names in a directory, unsorted; none if there is no directory. */
  list(path: string): string[]
  /** Like `list`, but returns `undefined` if there is no directory. */
  listIfThere(path: string): string[] | undefined
  /**
   * Creates a file that must not exist, mode 0600, with this content; if that cannot be written, the file is removed. Throws
   * `EEXIST`.
   */
  createFile(path: string, content: string): void
  /**
   * Overwrites the beginning of a file and leaves the rest; returns false if there is no such file. It does not truncate
   * the file: ext4 flushes a truncated file to the disk when it is closed, which takes milliseconds.
   */
  overwrite(path: string, content: string): boolean
  /** Returns the whole content; `undefined` if there is no such file, or it is a directory. */
  readFile(path: string): string | undefined
  rename(from: string, to: string): void
  /** Removes a file. Returns false if there was none. */
  unlink(path: string): boolean
  /** Returns the status without following symbolic links; `undefined` if there is nothing. */
  status(path: string): FileStatus | undefined

  /**
   * Opens for appending (O_APPEND) and reading; creates the file only if asked to. Returns `undefined` if an existing
   * file is missing.
   */
  openAppend(path: string, options?: { readonly exclusive?: boolean }): number | undefined
  /** Opens for reading; returns `undefined` if there is no such file. */
  openRead(path: string): number | undefined
  /** Writes once; on a full disk, it can write fewer bytes than asked. */
  write(descriptor: number, bytes: Uint8Array): number
  /** Reads once at a position; 0 at the end. */
  read(descriptor: number, buffer: Uint8Array, position: number): number
  size(descriptor: number): number
  /** Returns the size and link count of an open file; a removed file has no links. */
  openStatus(descriptor: number): { readonly size: number; readonly links: number }
  sync(descriptor: number): void
  close(descriptor: number): void

  /** Returns `f_type` of statfs(2) for the file system of a path; `undefined` if the platform does not say. */
  fileSystemType(path: string): number | undefined
  /**
   * Calls `listener` after changes in a file or directory; a hint that can get lost. Throws `ENOENT`, `EMFILE`, `ENOSPC`.
   */
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
    giveToOwner(path)
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
    // The same calls as writeFileSync(), which is longer and would be compiled just for this.
    const bytes = Buffer.from(content)
    const descriptor = fs.openSync(path, 'wx', 0o600)
    let isWritten = false
    try {
      for (let at = 0; at < bytes.length;) at += fs.writeSync(descriptor, bytes, at)
      giveToOwner(path)
      isWritten = true
    } finally {
      fs.closeSync(descriptor)
      // Its name alone would already say something: that a process waits.
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
      // A substitute for `fs` in a program's tests throws here.
      if (isRefused(error) || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  },
  openAppend: (path, options) => {
    const isNew = options?.exclusive === true
    try {
      if (!isNew) return fs.openSync(path, O_APPEND | O_RDWR)
      const descriptor = fs.openSync(path, O_APPEND | O_RDWR | O_CREAT | O_EXCL, 0o600)
      giveToOwner(path)
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
    // Other platforms use other numbers, some of them assigned at mount time.
    process.platform === 'linux' ? fs.statfsSync(path).type : undefined,
  watch: (path, listener, options) => {
    const watcher = fs.watch(path, { persistent: options.persistent }, listener)
    // Removing a watched directory makes Windows emit an error; the slow poll takes over.
    watcher.on('error', () => {
      watcher.close()
    })
    return watcher
  },
}

/** Rethrows every error except that of a missing file, or of one about to disappear. */
function assertMissing(error: unknown, path: string): void {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
  if (!isRefused(error) || nodeFileSystem.status(path) !== undefined) throw error
}

/**
 * If Windows removes a file that a process has open, its name stays until the last descriptor closes, and every operation on the name is refused, even a status
 * (`STATUS_DELETE_PENDING`; Node 20, and later versions on FAT). The status of an existing file is available to any process that can list its directory.
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

// The methods of `Stats` return the same, but each of them has to be compiled first.
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
