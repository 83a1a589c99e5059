import { resolveConnection } from '../../engine/connection-options.js'
import {
  homeConfigPath,
  readHomeConfigText,
  unusableConfig,
} from '../../engine/home-config-file.js'

/** What a preload that cannot enforce the rules of a CLI in `config.json` needs to know about them. */
export interface ConfiguredRules {
  readonly file: string
  /** The CLI's name in the file. */
  readonly cli: string
  /** Resources of its locks; none if its rules only emit events. */
  readonly resources: readonly string[]
}

interface Entry {
  readonly disabled?: unknown
  readonly commands?: unknown
}

/**
 * Reads the rules in the home's `config.json` for a CLI of any of these names; returns `undefined` if there are none.
 *
 * @throws TypeError, and CliOpsError `STORAGE_FAILED`, naming the file if it cannot be used
 */
export function configuredRules(names: readonly string[]): ConfiguredRules | undefined {
  const { home } = resolveConnection({})
  const file = homeConfigPath(home)
  const clis = readClis(home)
  for (const cli of names) {
    const { disabled, commands }: Entry = Object.hasOwn(clis, cli) ? (clis[cli] ?? {}) : {}
    if (disabled === true || typeof commands !== 'object' || commands === null) continue
    const rules = Object.values(commands as Readonly<Record<string, unknown>>)
    if (rules.length > 0) return { file, cli, resources: rules.flatMap(resourceOf) }
  }
  return undefined
}

function readClis(home: string): Readonly<Record<string, Entry | null | undefined>> {
  try {
    const text = readHomeConfigText(home) ?? '{}'
    const config = JSON.parse(text) as { readonly clis?: unknown } | null
    const clis = config?.clis
    return typeof clis === 'object' && clis !== null ? (clis as Record<string, Entry>) : {}
  } catch (error) {
    throw unusableConfig(home, error)
  }
}

function resourceOf(rule: unknown): string[] {
  const { lock } = (rule ?? {}) as { readonly lock?: unknown }
  const resource =
    typeof lock === 'object' && lock !== null ? (lock as { resource?: unknown }).resource : lock
  return lock === undefined ? [] : [typeof resource === 'string' ? resource : '<resource>']
}
