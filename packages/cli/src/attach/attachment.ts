import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { type CommandRules, preparePrivateFolder } from '@cli-ops/shared-ipc/ops'

import { changeFile } from '../files/change-file.js'

/** What was done for one program, to show and undo it. */
export interface Attachment {
  /** The command that a person types. */
  readonly command: string
  /** Name of the CLI in `config.json`. */
  readonly cli: string
  /** Every name under which its rules are found. */
  readonly names: readonly string[]
  readonly framework: string
  /** `null` if the framework is bundled into the program. */
  readonly version: string | null
  /** The file that Node runs. */
  readonly script: string
  /** The shim in front of it; none for oclif, which has plugins. */
  readonly shim?: string | undefined
  /** The data directory of an oclif CLI that the plugin was added to. */
  readonly dataDir?: string | undefined
  /** The rules as they were written. */
  readonly rules: CommandRules
}

const FOLDER = 'attached'

/** The attachments of a home, `attached/<command>.json`. */
export class Attachments {
  readonly #home: string

  constructor(home: string) {
    this.#home = home
  }

  find(command: string): Attachment | undefined {
    const all = this.list()
    return (
      all.find((one) => one.command === command) ??
      all.find(({ cli, names, script, shim }) => [cli, ...names, script, shim].includes(command))
    )
  }

  list(): readonly Attachment[] {
    const folder = join(this.#home, FOLDER)
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Attachment)
  }

  async write(attachment: Attachment): Promise<void> {
    preparePrivateFolder(this.#home, FOLDER)
    const path = this.#pathOf(attachment.command)
    const file = { home: this.#home, path, lock: 'cli-ops attachments' }
    await changeFile(file, () => `${JSON.stringify(attachment, null, 2)}\n`)
  }

  remove({ command }: Attachment): void {
    rmSync(this.#pathOf(command), { force: true })
  }

  #pathOf(command: string): string {
    return join(this.#home, FOLDER, `${encodeURIComponent(command)}.json`)
  }
}
