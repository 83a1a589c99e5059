import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { join } from 'node:path'

import { CliOpsError } from '@cli-ops/shared-ipc'
import { preparePrivateFolder } from '@cli-ops/shared-ipc/ops'

import { changeFile } from '../files/change-file.js'
import { formatKeys, parseKeys, type KeyRecord } from './key-record.js'

/** The hub's folder in the home. */
const FOLDER = 'hub'
const FILE = 'tokens.json'
/** Every process that changes the file takes this lock, so that no change is lost. */
const LOCK = 'cli-ops hub tokens'

/**
 * The access keys that a hub accepts, `hub/tokens.json` in its home: mode 0600, secrets only as digests. A change replaces the file
 * by a rename, so a crash leaves either the old or the new file, and a reader never sees a partial one.
 */
export class KeyFile {
  readonly path: string
  readonly #home: string

  /** Creates the folder if it is missing. @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED` */
  constructor(home: string) {
    this.#home = home
    this.path = join(preparePrivateFolder(home, FOLDER), FILE)
  }

  /**
   * Reads the access keys; none if there is no file.
   *
   * @throws CliOpsError `INSECURE_DIRECTORY` if others can write the file, `INVALID_MESSAGE` if it is damaged
   */
  read(): readonly KeyRecord[] {
    const text = this.#readText()
    if (text === undefined) return []
    try {
      return parseKeys(text)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw new CliOpsError('INVALID_MESSAGE', `cannot use ${this.path}: ${error.message}`, {
        cause: error,
      })
    }
  }

  /** Changes the access keys, one process at a time; if `change` throws, nothing changes. */
  async change(change: (keys: readonly KeyRecord[]) => readonly KeyRecord[]): Promise<void> {
    const file = { home: this.#home, path: this.path, lock: LOCK }
    await changeFile(file, () => formatKeys(change(this.read())))
  }

  #readText(): string | undefined {
    let descriptor: number
    try {
      // A link could lead to a file that others can write. Windows has no such flag.
      descriptor = openSync(this.path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return undefined
      if (code === 'ELOOP') throw this.#refusal('it is a symbolic link; put the file itself there')
      throw error
    }
    try {
      const refusal = refusalOf(fstatSync(descriptor))
      if (refusal !== undefined) throw this.#refusal(refusal)
      return readFileSync(descriptor, 'utf8')
    } finally {
      closeSync(descriptor)
    }
  }

  #refusal(reason: string): CliOpsError {
    return new CliOpsError('INSECURE_DIRECTORY', `refusing to use ${this.path}: ${reason}`, {
      details: { file: this.path },
    })
  }
}

function refusalOf(stats: Stats): string | undefined {
  if (!stats.isFile()) return 'it is not a file'
  // uid and mode mean nothing on Windows, where the profile directory has its own access lists.
  const uid = process.getuid?.()
  if (uid === undefined) return undefined
  if (stats.uid !== uid) return `it belongs to uid ${stats.uid}, not to you (uid ${uid})`
  if ((stats.mode & 0o077) === 0) return undefined
  const mode = (stats.mode & 0o777).toString(8)
  return `its mode is ${mode}, so other users can access it; run "chmod 600" on it`
}
