import { readFileSync, realpathSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'

import {
  assertHomeConfig,
  type CommandRules,
  type HomeConfig,
  homeConfigPath,
} from '@cli-ops/shared-ipc/ops'

import { changeFile } from '../files/change-file.js'

type Rule = CommandRules[string]

/** The requested rule; omitted fields stay unchanged. */
export interface WantedRule {
  readonly lock?: string | undefined
  readonly onBusy?: string | undefined
  readonly graceMs?: number | undefined
  readonly emits?: string | undefined
}

/**
 * The home's `config.json`. A change keeps everything else in it, and its indentation. A file that is unreadable, or that no CLI
 * would accept, is not touched.
 */
export class ConfigFile {
  readonly path: string
  readonly #home: string

  constructor(home: string) {
    this.#home = home
    this.path = homeConfigPath(home)
  }

  /**
   * Returns the rules of a CLI.
   *
   * @throws TypeError naming the file if it cannot be used
   */
  rulesOf(cli: string): CommandRules {
    return this.#read().config.clis?.[cli]?.commands ?? {}
  }

  /** Adds or changes rules of a CLI, and returns the rules written. */
  async setRules(
    cli: string,
    commands: readonly string[],
    wanted: WantedRule,
  ): Promise<CommandRules> {
    let written: CommandRules = {}
    await this.#change(cli, (rules) => {
      written = Object.fromEntries(
        commands.map((command) => [command, mergeRule(rules[command], wanted)]),
      )
      return { ...rules, ...written }
    })
    return written
  }

  /** Removes rules that are unchanged since they were written; returns the commands of those that were changed. */
  async removeRules(cli: string, written: CommandRules): Promise<readonly string[]> {
    const changed: string[] = []
    await this.#change(cli, (rules) => {
      const isWritten = (command: string): boolean =>
        isDeepStrictEqual(rules[command], written[command])
      const theirs = Object.keys(written).filter((command) => Object.hasOwn(rules, command))
      changed.push(...theirs.filter((command) => !isWritten(command)))
      return Object.fromEntries(
        Object.entries(rules).filter(
          ([command]) => !theirs.includes(command) || !isWritten(command),
        ),
      )
    })
    return changed
  }

  async #change(cli: string, change: (rules: CommandRules) => CommandRules): Promise<void> {
    const file = { home: this.#home, path: this.#target(), lock: 'cli-ops config.json' }
    await changeFile(file, () => {
      const { config, text } = this.#read()
      const { commands: rules = {}, ...options } = config.clis?.[cli] ?? {}
      const commands = change(rules)
      if (isDeepStrictEqual(commands, rules)) return undefined
      const entry = Object.keys(commands).length === 0 ? options : { ...options, commands }
      const { [cli]: _before, ...others } = config.clis ?? {}
      const isEmpty = Object.keys(entry).length === 0
      const clis = isEmpty ? others : { ...config.clis, [cli]: entry }
      const next = { ...config, clis }
      assertHomeConfig(next)
      return `${JSON.stringify(next, null, indentOf(text))}\n`
    })
  }

  /** The file can be a link to one kept elsewhere. */
  #target(): string {
    try {
      return realpathSync(this.path)
    } catch {
      return this.path
    }
  }

  #read(): { readonly config: HomeConfig; readonly text: string } {
    let text: string
    try {
      text = readFileSync(this.path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { config: {}, text: '' }
      throw error
    }
    try {
      const config: unknown = JSON.parse(text)
      assertHomeConfig(config)
      return { config, text }
    } catch (error) {
      throw new TypeError(
        `${this.path} cannot be used: ${(error as Error).message}; correct it first`,
        {
          cause: error,
        },
      )
    }
  }
}

function mergeRule(rule: Rule | undefined, { lock, onBusy, graceMs, emits }: WantedRule): Rule {
  const before = rule?.lock
  const kept =
    typeof before === 'object' && (lock === undefined || before.resource === lock) ? before : {}
  const resource = lock ?? (typeof before === 'object' ? before.resource : before)
  // Settings for replacing mean nothing with another `onBusy`.
  const { graceMs: _earlier, ...others } = kept as { readonly graceMs?: number }
  const busy =
    onBusy === undefined ? kept : onBusy === 'replace' ? { ...kept, onBusy } : { ...others, onBusy }
  const details = graceMs === undefined ? busy : { ...busy, graceMs }
  const whole = Object.keys(details).length === 0 ? resource : { resource, ...details }
  return {
    ...rule,
    ...(resource === undefined ? {} : { lock: whole }),
    ...(emits === undefined ? {} : { emits }),
  } as Rule
}

function indentOf(text: string): string {
  return /\n([ \t]+)/u.exec(text)?.[1] ?? '  '
}
