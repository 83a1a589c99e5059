import { lchownSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { dirname, sep } from 'node:path'

import { entryPath } from '../../../base/builtins.js'
import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { runtimeRemedyOf } from '../../../base/errors/denied-access.js'
import { systemErrorCode } from '../../../base/errors/system-error-code.js'
import { assertRealFiles } from './assert-real-files.js'
import { isCleanUpDue, renewCleanUpStamp } from './clean-up-stamp.js'
import { settingName } from '../../../base/process/setting-name.js'
import { inheritOwner } from '../../../base/files/inherit-owner.js'
import { assertPrivateDirectory, isOfAnotherUser } from './private-directory.js'
import type { FileSystem } from './file-system.js'
import { homeBase } from './home-base.js'
import { isPrivateDirectory } from './is-private-directory.js'
import { isNetworkFileSystem } from './network-file-system.js'

/** The directories of one namespace. Each is created on first use, mode 0700. */
export interface HomePaths {
  /** `<resource>.lock/`, with one file whose name is the lock's state. */
  readonly locks: string
  /** `<resource>/<ticket>` for each waiter. */
  readonly queues: string
  /** `<n>`, a number that no token of a lock with a removed directory exceeded. */
  readonly floor: string
  /** Directories about to become a lock's. */
  readonly claims: string
  /** `<segment>.ndjson`, the event log. */
  readonly events: string
  /** `<number>.ndjson`, events about locks that have expired from the log. */
  readonly history: string
  /** `<group>.json`, the cursors of durable groups. */
  readonly groups: string
  /** `<group>/<position>-<id>.json`, parked events. */
  readonly parked: string
  /** `<name>~<instance>~<identity>.json`, one for each running instance. */
  readonly registry: string
}

/** Where a home is, and how its files are reached. */
export interface HomeFacts {
  readonly root: string
  readonly namespace: string
  readonly fileSystem: FileSystem
}

/**
 * The home directory of the local driver, in one namespace. Nothing is touched until `prepare`. A `part` is a
 * directory inside the namespace with its own set of paths, where the kit keeps what must not appear among the users'
 * own.
 */
export class Home implements HomeFacts {
  readonly root: string
  readonly namespace: string
  readonly fileSystem: FileSystem
  /** The namespace's directory. */
  readonly base: string
  #isUsual: boolean | undefined
  #isLocal: boolean | undefined
  /** The sockets of processes in other pid namespaces, one for each process whatever its namespace in the home. */
  readonly sockets: string
  readonly paths: HomePaths
  #prepared = false

  static of({ root, namespace, fileSystem }: HomeFacts): Home {
    return new Home(root, namespace, fileSystem)
  }

  constructor(root: string, namespace: string, fileSystem: FileSystem, part = '') {
    this.root = root
    this.namespace = namespace
    this.fileSystem = fileSystem
    const base = homeBase(root, namespace)
    this.base = part === '' ? base : entryPath(base, part)
    this.sockets = entryPath(root, 'liveness')
    this.paths = {
      locks: this.directory('locks'),
      queues: this.directory('queues'),
      floor: this.directory('floor'),
      claims: this.directory('claims'),
      events: this.directory('events'),
      history: this.directory('history'),
      groups: this.directory('groups'),
      parked: this.directory('parked'),
      registry: this.directory('registry'),
    }
  }

  /** Returns the path of one of the namespace's directories. */
  directory(name: string): string {
    return entryPath(this.base, name)
  }

  /** Returns whether there is nothing to create and nothing to refuse. Checked once. */
  isUsual(): boolean {
    try {
      return (this.#isUsual ??= isPrivateDirectory(this.fileSystem.status(this.root)))
    } catch {
      return false
    }
  }

  /** Forces a new check: the directory has disappeared. */
  forget(): void {
    this.#isUsual = undefined
  }

  /** False on NFS, SMB and the like, where appends, and the liveness of other hosts, cannot be trusted. */
  get isLocal(): boolean {
    return (this.#isLocal ??= !isNetworkFileSystem(this.root, this.fileSystem))
  }

  /**
   * Creates the home if it is missing and checks, once per process, that it belongs to this user alone.
   *
   * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
   */
  prepare(): void {
    if (this.#prepared || this.isUsual()) return
    try {
      if (this.fileSystem.status(this.root) === undefined) {
        assertRealFiles(this.root)
        this.#make(this.root)
      }
      assertPrivateDirectory(this.root, this.fileSystem)
      if (isOfAnotherUser(this.fileSystem.status(this.root))) inheritOwner(this.root)
    } catch (error) {
      throw storageError(error, this.root)
    }
    this.#prepared = true
    this.forget()
  }

  /**
   * Runs an operation that needs one of the home's directories. If the operation fails because the directory is
   * missing, creates it: the usual case spends no call on checking.
   */
  inDirectory<T>(directory: string, operation: () => T): T {
    this.prepare()
    try {
      return operation()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError(error, this.root)
    }
    // The home itself can be removed after the check.
    this.#prepared = false
    this.forget()
    this.prepare()
    this.#make(directory)
    try {
      return operation()
    } catch (error) {
      throw storageError(error, this.root)
    }
  }

  /** Runs an operation that creates no directory. If the home cannot be used, throws `STORAGE_FAILED`. */
  attempt<T>(operation: () => T): T {
    try {
      return operation()
    } catch (error) {
      throw this.failure(error)
    }
  }

  /**
   * Converts an error that means "the home cannot be used" into a `STORAGE_FAILED` error; returns others unchanged.
   */
  failure(error: unknown): unknown {
    return storageError(error, this.root)
  }

  /** Returns true for one caller within the interval, among all processes: a clean-up is due. */
  claimCleanup(intervalMs: number): boolean {
    this.prepare()
    if (!isCleanUpDue(this.fileSystem, this.base, intervalMs)) return false
    this.inDirectory(this.base, () => renewCleanUpStamp(this.fileSystem, this.base))
    return true
  }

  #make(directory: string): void {
    try {
      this.#makeMissing(directory)
    } catch (error) {
      throw storageError(error, this.root)
    }
  }

  /** Node's own recursive mkdir throws ENOENT on a full or read-only disk. */
  #makeMissing(directory: string): void {
    if (this.#makeOne(directory)) return
    this.#makeMissing(dirname(directory))
    this.#makeOne(directory)
  }

  /** Returns false if the parent is missing. */
  #makeOne(directory: string): boolean {
    try {
      // Only the kit's own directories are private; parents are created as any program would.
      if (directory.startsWith(this.root)) this.fileSystem.makeDirectory(directory)
      else mkdirSync(directory, 0o777)
      if (!directory.startsWith(this.root + sep)) giveToOwnerAbove(directory)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' && dirname(directory) !== directory) return false
      const kind = this.fileSystem.status(directory)?.kind
      if (kind === 'directory' || (kind === 'symlink' && isDirectory(directory))) return true
      // Another process created and removed it; the operation that needs it will notice.
      if (code === 'EEXIST' && kind === undefined) return true
      // An existing non-directory is a file in its place.
      throw code === 'EEXIST' ? Object.assign(error as Error, { code: 'ENOTDIR' }) : error
    }
    return true
  }
}

/** If root creates a home in a user's directory, the home belongs to that user. */
function giveToOwnerAbove(directory: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = lstatSync(dirname(directory))
  if (uid !== 0) lchownSync(directory, uid, gid)
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

const BROKEN =
  'the file system reports an error; check it, or set CLI_OPS_HOME to a directory on another one'

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'it is not writable; check its permissions or set CLI_OPS_HOME to another directory'],
  ['EPERM', 'it is not writable; check its permissions or set CLI_OPS_HOME to another directory'],
  ['EROFS', 'the file system is read-only; set CLI_OPS_HOME to a writable directory'],
  ['ENOSPC', 'the disk is full; free some space'],
  ['EDQUOT', 'the disk quota is used up; free some space'],
  ['ENOTDIR', 'a part of the path is a file; set CLI_OPS_HOME to a directory'],
  ['ENAMETOOLONG', 'the path is too long; set CLI_OPS_HOME to a shorter one'],
  ['EMFILE', 'too many files are open in this process; raise its limit (ulimit -n)'],
  ['ENFILE', 'too many files are open on this machine; raise fs.file-max with sysctl'],
  ['EFBIG', 'a file there has reached the size limit of this process (ulimit -f)'],
  ['EISDIR', 'a directory is in the place of a file; move it elsewhere'],
  ['ELOOP', 'a part of the path is a symbolic link to itself; set CLI_OPS_HOME to a directory'],
  ['ENOMEM', 'not enough memory; end other programs'],
  // A bad disk, a damaged file system, or a network file system or disk that has gone away.
  ...['EIO', 'EUCLEAN', 'EBADMSG', 'ENXIO', 'ENODEV', 'ESTALE', 'ENOTCONN', 'ETIMEDOUT'].map(
    (code): [string, string] => [code, BROKEN],
  ),
])

/**
 * Converts a file system error that means "the home cannot be used" into a `STORAGE_FAILED` error; returns others
 * unchanged. `variable` is the environment variable that selects the directory.
 */
export function storageError(
  error: unknown,
  home: string,
  variable = settingName('CLI_OPS_HOME'),
): unknown {
  const code = systemErrorCode(error)
  const remedy =
    runtimeRemedyOf(error) ?? REMEDIES.get(code ?? '')?.replace('CLI_OPS_HOME', variable)
  if (remedy === undefined) return error
  return new CliOpsError('STORAGE_FAILED', `cannot use ${home}: ${remedy} (${code})`, {
    cause: error,
    details: { home, errno: code },
  })
}
