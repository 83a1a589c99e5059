import { extname } from 'node:path'

import { describe } from '../names/assert-name.js'

/** A syntax that configuration files are written in. */
export type ConfigFormat = 'json' | 'yaml' | 'toml'

const BY_EXTENSION: ReadonlyMap<string, ConfigFormat> = new Map([
  ['.json', 'json'],
  ['.yaml', 'yaml'],
  ['.yml', 'yaml'],
  ['.toml', 'toml'],
])

/** The format that was asked for, else that of the file's extension. @throws TypeError */
export function resolveFormat(path: string, format: unknown): ConfigFormat {
  if (format === undefined) {
    const known = BY_EXTENSION.get(extname(path).toLowerCase())
    if (known !== undefined) return known
    throw new TypeError(
      `format must be given for a file that is not .json, .yaml, .yml or .toml, got ${describe(path)}`,
    )
  }
  if (format === 'json' || format === 'yaml' || format === 'toml') return format
  throw new TypeError(`format must be "json", "yaml" or "toml", got ${describe(format)}`)
}

/**
 * Parses a file to plain JSON values: dates become ISO 8601 strings, large integers strings. The parser is loaded at its
 * first use. Rejects with the parser's error for anything else than one object.
 */
export async function parseConfig(
  text: string,
  format: ConfigFormat,
): Promise<Readonly<Record<string, unknown>>> {
  const parsed = await parseText(text, format)
  // A file of comments alone says nothing.
  const value: unknown = parsed === null || parsed === undefined ? {} : toPlain(parsed)
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new TypeError(`the file must hold an object, got ${describe(value)}`)
}

async function parseText(text: string, format: ConfigFormat): Promise<unknown> {
  switch (format) {
    case 'json':
      return JSON.parse(text) as unknown
    case 'yaml': {
      const { parse } = await import('yaml')
      // Warnings of the parser would go to stderr; only errors matter here.
      return parse(text, { logLevel: 'error' }) as unknown
    }
    case 'toml': {
      const { parse } = await import('smol-toml')
      return parse(text)
    }
  }
}

function toPlain(value: unknown): unknown {
  const replace = (_key: string, member: unknown): unknown =>
    typeof member === 'bigint' ? String(member) : member
  return JSON.parse(JSON.stringify(value, replace)) as unknown
}
