import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

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
      removeFolder(folder)
      mkdirSync(folder, { recursive: true })
    }
  }

  /** Replaces the kit's home with a fresh one. */
  forget() {
    removeFolder(this.opsHome)
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
    removeFolder(this.#root)
  }
}
