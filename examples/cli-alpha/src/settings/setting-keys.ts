import { UserError } from '@cli-ops/example-base'

interface SettingRule {
  readonly about: string
  /** The allowed values; any text if missing. */
  readonly values?: readonly string[]
  readonly isPath?: boolean
}

/** Every setting. */
export const SETTINGS = {
  'list.sort': { about: 'order of list: created or due', values: ['created', 'due'] },
  'sync.from': { about: 'what sync merges where --from is not given', isPath: true },
  'sync.board': { about: 'the board sync writes where --board is not given', isPath: true },
} as const satisfies Record<string, SettingRule>

export type SettingKey = keyof typeof SETTINGS

/** Throws, with the list of settings, unless a text is the key of one. */
export function assertSettingKey(key: string): asserts key is SettingKey {
  if (Object.hasOwn(SETTINGS, key)) return
  const known = Object.keys(SETTINGS).join(', ')
  throw new UserError(`there is no setting ${JSON.stringify(key)}; there are ${known}`)
}

/** Returns what is wrong with a setting's value, or `undefined` if it is valid. */
export function whyNotSetting(key: SettingKey, value: unknown): string | undefined {
  const { values }: SettingRule = SETTINGS[key]
  if (typeof value !== 'string' || value === '') return `${key} must be a text`
  if (values === undefined || values.includes(value)) return undefined
  return `${key} must be ${values.join(' or ')}, got ${JSON.stringify(value)}`
}

export function isPathSetting(key: SettingKey): boolean {
  const { isPath = false }: SettingRule = SETTINGS[key]
  return isPath
}
