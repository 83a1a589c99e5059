import { basename, extname } from 'node:path'

import { describe } from '../base/names/assert-name.js'
import { isObject } from '../base/validation/is-object.js'
import { assertExactIntegers } from './assert-exact-integers.js'

const FORMATS = ['json', 'jsonc', 'json5', 'yaml', 'toml', 'env'] as const
/** The syntax of a configuration file. */
export type ConfigFormat = (typeof FORMATS)[number]

const BY_EXTENSION: ReadonlyMap<string, ConfigFormat> = new Map([
  ['.json', 'json'],
  ['.jsonc', 'jsonc'],
  ['.json5', 'json5'],
  ['.yaml', 'yaml'],
  ['.yml', 'yaml'],
  ['.toml', 'toml'],
  ['.env', 'env'],
])

/** Returns the requested format, or else the one that the file's name implies. @throws TypeError */
export function resolveFormat(path: string, format: unknown): ConfigFormat {
  if (format === undefined) {
    // `.env` and `.env.local` have no extension in this sense.
    const isEnv = /^\.env(?:\.|$)/u.test(basename(path))
    const known = isEnv ? 'env' : BY_EXTENSION.get(extname(path).toLowerCase())
    if (known !== undefined) return known
    const names = [...BY_EXTENSION.keys()].join(', ')
    throw new TypeError(
      `format must be given unless the file is one of ${names}, got ${describe(path)}`,
    )
  }
  const known = FORMATS.find((name) => name === format)
  if (known !== undefined) return known
  throw new TypeError(`format must be one of ${FORMATS.join(', ')}, got ${describe(format)}`)
}

/**
 * Parses a file to plain JSON values. Dates become ISO 8601 strings. Integers too large for a number become strings if the format
 * supports them; otherwise they are refused, like NaN and infinities. The parser is loaded on first use. Rejects with the parser's
 * error for anything other than one object.
 */
export async function parseConfig(
  text: string,
  format: ConfigFormat,
): Promise<Readonly<Record<string, unknown>>> {
  const parsed = await parseText(text, format)
  // A file with nothing but comments is empty.
  const value: unknown = parsed === null || parsed === undefined ? {} : toPlain(parsed)
  if (isObject(value)) return value
  throw new TypeError(`the file must contain an object, got ${describe(value)}`)
}

async function parseText(text: string, format: ConfigFormat): Promise<unknown> {
  switch (format) {
    case 'json': {
      assertNotEmpty(text)
      const value = JSON.parse(text) as unknown
      assertExactIntegers(text)
      return value
    }
    // JSON5 includes what JSON with comments adds: comments and trailing commas.
    case 'jsonc':
    case 'json5': {
      assertNotEmpty(text)
      const value: unknown = (await loadJson5()).parse(text)
      assertExactIntegers(text)
      return value
    }
    case 'yaml': {
      const { parse } = await loadYaml()
      // Warnings of the parser would go to stderr; only errors matter here.
      return parse(text, { logLevel: 'error', merge: true, intAsBigInt: true }) as unknown
    }
    case 'toml': {
      const { parse } = await loadToml()
      return parse(text, { integersAsBigInt: 'asNeeded' })
    }
    case 'env':
      return process.getBuiltinModule('node:util').parseEnv(text)
  }
}

function assertNotEmpty(text: string): void {
  if (text.trim() === '') throw new SyntaxError('it is empty')
}

// Optional peers, since few programs watch such files. Each import() has its own `try`, which tells bundlers that the package
// can be missing.
async function loadJson5() {
  try {
    const { default: json5 } = await import('json5')
    return json5
  } catch (error) {
    throw parserError(error, 'json5', '.jsonc and .json5')
  }
}

async function loadYaml() {
  try {
    return await import('yaml')
  } catch (error) {
    throw parserError(error, 'yaml', '.yaml and .yml')
  }
}

async function loadToml() {
  try {
    return await import('smol-toml')
  } catch (error) {
    throw parserError(error, 'smol-toml', '.toml')
  }
}

function parserError(error: unknown, name: string, reads: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') return error
  return new Error(`reading ${reads} files requires the package ${name}: npm install ${name}`, {
    cause: error,
  })
}

function toPlain(value: unknown): unknown {
  const replace = (key: string, member: unknown): unknown => {
    if (typeof member === 'bigint')
      return Number.isSafeInteger(Number(member)) ? Number(member) : String(member)
    if (typeof member === 'number' && !Number.isFinite(member))
      throw new TypeError(`${describe(key)} must not be ${member}, which JSON cannot represent`)
    return member
  }
  return JSON.parse(JSON.stringify(value, replace)) as unknown
}
