/** The longest name accepted, in UTF-8 bytes. Names longer than a file name allows are hashed on disk. */
const MAX_NAME_BYTES = 1024

/**
 * Control characters would reach a terminal; bidirectional and invisible marks can disguise a name as another one. Compiled only for
 * the rare name that is not plain ASCII.
 */
function unprintable(flags: string): RegExp {
  return new RegExp(
    String.raw`[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]`,
    flags,
  )
}

/**
 * Throws a `TypeError` that names the argument, the rule and the value unless `value` is a valid resource, CLI, group, method, event
 * or namespace name: any non-empty well-formed string without control characters and of at most {@link MAX_NAME_BYTES} bytes. Names
 * never reach the file system unescaped.
 */
export function assertName(argument: string, value: unknown): asserts value is string {
  // Separate from the rest, which usual names never need to compile.
  if (!isPlainName(value)) assertUnusualName(argument, value)
}

/** Returns true for nearly every name; {@link assertName} also accepts others. */
export function isPlainName(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length * 3 > MAX_NAME_BYTES) return false
  return isPrintableAscii(value)
}

function assertUnusualName(argument: string, value: unknown): void {
  if (typeof value !== 'string') {
    throw new TypeError(`${argument} must be a string, got ${describe(value)}`)
  }
  if (value === '') throw new TypeError(`${argument} must not be empty`)
  if (!isPrintableAscii(value) && !isPrintable(value)) {
    throw new TypeError(`${argument} must not contain control characters, got ${quote(value)}`)
  }
  // UTF-8 needs at most three bytes per code unit, so short names skip the count.
  if (value.length * 3 > MAX_NAME_BYTES && Buffer.byteLength(value) > MAX_NAME_BYTES) {
    throw new TypeError(
      `${argument} must be at most ${MAX_NAME_BYTES} bytes, got ${Buffer.byteLength(value)} bytes`,
    )
  }
}

/** Describes a wrong value for an error message, briefly and safely. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return quote(value.length > 60 ? `${value.slice(0, 57)}...` : value)
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? 'an array' : 'an object'
}

/** Returns the value as JSON and also escapes characters that are dangerous on a terminal, where messages go. */
function quote(value: string): string {
  const json = JSON.stringify(value)
  if (isPrintableAscii(json)) return json
  return json.replace(
    unprintable('gu'),
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** True for nearly every name, without compiling a regular expression. */
function isPrintableAscii(value: string): boolean {
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}

function isPrintable(value: string): boolean {
  if (!(value as string & { isWellFormed(): boolean }).isWellFormed()) return false
  return !unprintable('u').test(value)
}
