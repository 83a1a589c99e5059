import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const REMOVE_ATTEMPTS = 200
const PAUSE_MS = 50

/** The folders in which a CLI runs. Their paths are the same in every run, so paths in its output are, too. */
export class Sandbox {
  /** Where the CLI works: it begins empty, and its content is compared afterwards. */
  work
  /** HOME of the CLI. */
  userHome
  temporary
  /** CLI_OPS_HOME. */
  opsHome
  /** Executables of the recipe, and shims. */
  bin
  #root = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-lab-')))

  constructor() {
    this.work = join(this.#root, 'work')
    this.userHome = join(this.#root, 'user')
    this.temporary = join(this.#root, 'tmp')
    this.opsHome = join(this.#root, 'ops')
    this.bin = join(this.#root, 'bin')
    this.forget()
    this.renew()
  }

  /** Empties the CLI's folders; locks and events stay. */
  renew() {
    for (const folder of [this.work, this.userHome, this.temporary, this.bin]) {
      remove(folder)
      mkdirSync(folder, { recursive: true })
    }
  }

  /** Replaces the kit's home with a fresh one. */
  forget() {
    remove(this.opsHome)
    mkdirSync(this.opsHome, { mode: 0o700 })
  }

  /** @param {Readonly<Record<string, string>>} files contents by their paths in the work folder */
  write(files) {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.work, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
    }
  }

  remove() {
    remove(this.#root)
  }
}

/**
 * A program's children, such as oclif's check for a newer version, can write into its folders for some seconds more. Node's `maxRetries`
 * does not look for new files.
 *
 * @param {string} path
 */
function remove(path) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      rmSync(path, { recursive: true, force: true })
      return
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error)
      if (code !== 'ENOTEMPTY' || attempt === REMOVE_ATTEMPTS) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }
}
