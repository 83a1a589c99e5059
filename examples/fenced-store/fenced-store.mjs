import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { StaleTokenError } from './stale-token-error.mjs'

/** Room for every token, so that names sort as tokens do. */
const DIGITS = 20

/**
 * A value on a disk that several machines share, behind a fence. Each owner of the lock writes a file with its fencing
 * token in its name, and the file with the highest token is the value. If an owner has lost its lock without knowing
 * it, its write changes nothing, however late it arrives.
 */
export class FencedStore {
  #directory

  /** @param {string} directory */
  constructor(directory) {
    this.#directory = directory
    mkdirSync(directory, { recursive: true })
  }

  /** @returns {unknown} the value; undefined if nothing has been written yet */
  read() {
    const [newest] = this.#files()
    return newest === undefined
      ? undefined
      : JSON.parse(readFileSync(join(this.#directory, newest), 'utf8'))
  }

  /**
   * Writes a value. Throws a {@link StaleTokenError}, without writing, if an owner with a higher token has written.
   *
   * @param {bigint} token of the lock under which this is written
   * @param {unknown} value
   */
  write(token, value) {
    const file = `${String(token).padStart(DIGITS, '0')}.json`
    this.#assertNewest(file)
    const path = join(this.#directory, file)
    writeFileSync(`${path}.new`, JSON.stringify(value))
    renameSync(`${path}.new`, path)
    // Another owner may have written between the check and this write: then its value counts.
    this.#assertNewest(file)
    for (const older of this.#files().filter((name) => name < file)) {
      rmSync(join(this.#directory, older), { force: true })
    }
  }

  close() {
    // A directory is not held open.
  }

  /** @param {string} file */
  #assertNewest(file) {
    const [newest = ''] = this.#files()
    if (newest > file) throw new StaleTokenError('another owner has had the lock since')
  }

  /** Newest first. */
  #files() {
    const names = readdirSync(this.#directory).filter((name) => name.endsWith('.json'))
    return names.sort().reverse()
  }
}
