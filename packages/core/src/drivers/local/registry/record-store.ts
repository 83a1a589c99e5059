import { entryPath } from '../../../base/builtins.js'
import { ownIdentity } from '../../../base/process/process-identity.js'
import type { ServiceRecord } from '../../../registry/contract/registry-driver.js'
import { type Home, storageError } from '../home/home.js'
import { assertPrivateDirectory } from '../home/private-directory.js'
import { readRecordBody } from './record-body.js'
import { identityOf, parseRecordFileName, type RecordFileName } from './record-file-name.js'
import { parseSettlingFileName, type SettlingFileName } from './settling-file-name.js'
import { recordPath, storeRecord } from './store-record.js'
import { writeRecord } from './write-record.js'
import { clearInterval, setInterval } from '../../../base/wait/own-timers.js'

/** How often listeners are called without a file watch. */
const UNWATCHED_MS = 1000

/** The result of listing the registry, unsorted. */
export interface RegistryFiles {
  readonly records: readonly RecordFileName[]
  /** Records of dead processes that another process settles, or was settling when it died. */
  readonly settling: readonly SettlingFileName[]
}

/** The files of the registry: one for each instance, written only by the process that its name identifies. */
export class RecordStore {
  readonly #home: Home

  constructor(home: Home) {
    this.#home = home
  }

  /**
   * Writes or replaces a record of this process. Readers see the old one or the new one, never a part. A crash leaves
   * at most a temporary file, which carries the same identity and is collected with it.
   *
   * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
   */
  write(record: ServiceRecord): void {
    const { fileSystem } = this.#home
    const path = this.#own(record.name, record.instance)
    if (this.#home.isUsual() && storeRecord(fileSystem, path, record)) return
    this.#home.inDirectory(this.#directory, () => {
      writeRecord(fileSystem, path, record)
    })
  }

  /** Removes a record of this process; a missing one is not an error. One system call, since exit handlers use it. */
  remove(name: string, instance: string): void {
    this.#home.fileSystem.unlink(this.#own(name, instance))
  }

  /** Returns whether a record of this process exists and was not emptied. */
  has(name: string, instance: string): boolean {
    const status = this.#home.fileSystem.status(this.#own(name, instance))
    return status?.kind === 'file' && status.size > 0
  }

  /** Lists the registry. Other files are left alone. Creates nothing if there is no registry yet. */
  list(): RegistryFiles {
    const records: RecordFileName[] = []
    const settling: SettlingFileName[] = []
    for (const fileName of this.#listNames()) {
      const file = parseRecordFileName(fileName)
      const other = file === undefined ? parseSettlingFileName(fileName) : undefined
      if (file !== undefined) records.push(file)
      else if (other !== undefined) settling.push(other)
    }
    return { records, settling }
  }

  /** Returns the record in a file; `undefined` if the file has gone since it was listed. */
  read(file: RecordFileName | SettlingFileName): ServiceRecord | undefined {
    const body = this.#attempt(() => this.#home.fileSystem.readFile(this.#path(file.fileName)))
    if (body === undefined) return undefined
    // The name of a record being settled contains another process's identity.
    const pid = 'temporary' in file ? (identityOf(file)?.pid ?? 0) : undefined
    return readRecordBody({ ...file, pid }, body)
  }

  /** Renames a dead process's record; returns false if another process was faster, or the home cannot be written. */
  move(from: string, to: string): boolean {
    try {
      this.#home.fileSystem.rename(this.#path(from), this.#path(to))
      return true
    } catch {
      return false
    }
  }

  /**
   * Removes the file of a provably dead process. Removing by name is safe however late it happens: the name contains
   * the process's random instance and its identity, only that process ever writes it, and it is dead. Returns false
   * if another process was faster, or the home cannot be written.
   */
  collect({ fileName }: Pick<RecordFileName, 'fileName'>): boolean {
    try {
      return this.#home.fileSystem.unlink(this.#path(fileName))
    } catch {
      return false
    }
  }

  /**
   * Calls `listener` after changes in the directory, or once a second if the directory cannot be watched; returns a function that
   * stops.
   */
  watch(listener: () => void): () => void {
    const { fileSystem } = this.#home
    try {
      const watcher = this.#home.inDirectory(this.#directory, () =>
        fileSystem.watch(this.#directory, listener, { persistent: false }),
      )
      return () => {
        watcher.close()
      }
    } catch {
      // Out of watches, or a home that cannot be created.
      const timer = setInterval(listener, UNWATCHED_MS).unref()
      return () => {
        clearInterval(timer)
      }
    }
  }

  #listNames(): string[] {
    const { fileSystem, root } = this.#home
    return this.#attempt(() => {
      if (fileSystem.status(root) === undefined) return []
      // A record names a socket to talk to, so a registry that others can write is not even read.
      assertPrivateDirectory(root, fileSystem)
      return fileSystem.list(this.#directory)
    })
  }

  #attempt<T>(operation: () => T): T {
    try {
      return operation()
    } catch (error) {
      throw storageError(error, this.#home.root)
    }
  }

  get #directory(): string {
    return this.#home.paths.registry
  }

  #own(name: string, instance: string): string {
    return recordPath(this.#home.base, { name, instance }, ownIdentity())
  }

  #path(fileName: string): string {
    return entryPath(this.#directory, fileName)
  }
}
