import { entryPath } from '../../../process/builtins.js'
import { ownIdentity } from '../../../process/process-identity.js'
import type { ServiceRecord } from '../../registry-driver.js'
import { type Home, storageError } from '../home.js'
import { assertPrivateDirectory } from '../private-directory.js'
import { readRecordBody } from './record-body.js'
import { parseRecordFileName, type RecordFileName, recordFileName } from './record-file-name.js'
import { writeRecord } from './write-record.js'

/** The files of the registry: one for each instance, written only by the process that its name identifies. */
export class RecordStore {
  readonly #home: Home

  constructor(home: Home) {
    this.#home = home
  }

  /**
   * Writes or replaces a record of this process. Readers see the old one or the new one, never a part: a crash
   * leaves at most a temporary file, which carries the same identity and is collected with it.
   *
   * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
   */
  write(record: ServiceRecord): void {
    const { fileSystem } = this.#home
    const path = this.#path(recordFileName(record.name, record.instance, ownIdentity()))
    this.#home.inDirectory(this.#directory, () => {
      writeRecord(fileSystem, path, record)
    })
  }

  /** Removes a record of this process; a missing one is no error. One system call, since exit handlers use it. */
  remove(name: string, instance: string): void {
    this.#home.fileSystem.unlink(this.#path(recordFileName(name, instance, ownIdentity())))
  }

  /** The records' files, unsorted. What is no record is left alone. Makes nothing where there is no registry yet. */
  list(): RecordFileName[] {
    const files: RecordFileName[] = []
    for (const fileName of this.#listNames()) {
      const file = parseRecordFileName(fileName)
      if (file !== undefined) files.push(file)
    }
    return files
  }

  /** The record in a file; `undefined` where it has gone since it was listed. */
  read(file: RecordFileName): ServiceRecord | undefined {
    const body = this.#attempt(() => this.#home.fileSystem.readFile(this.#path(file.fileName)))
    return body === undefined ? undefined : readRecordBody(file, body)
  }

  /**
   * Removes the file of a process that was proven dead. Removing by name is safe however late it happens: the name
   * holds the process's random instance and its identity, only that process ever writes it, and it is dead.
   * Returns false where another process was faster, or the home cannot be written.
   */
  collect(file: RecordFileName): boolean {
    try {
      return this.#home.fileSystem.unlink(this.#path(file.fileName))
    } catch {
      return false
    }
  }

  /** Calls `listener` after changes of the directory; returns a function that stops. */
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
      // Out of watches, or a home that cannot be made: whoever watches polls as well.
      return () => undefined
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

  #path(fileName: string): string {
    return entryPath(this.#directory, fileName)
  }
}
