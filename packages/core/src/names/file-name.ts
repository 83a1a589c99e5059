/** Room is left for the suffixes and identities that are added to an encoded name; file systems allow 255. */
const MAX_ENCODED_LENGTH = 120
const HASH_LENGTH = 32

/** Most names are their own file names. */
const SAFE = /^(?!\.|(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$))[a-z0-9._-]{1,120}$/u
const UNSAFE = /[^a-z0-9._-]/gu
// Windows resolves these to devices whatever the extension.
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)/u

/**
 * Turns any valid name into a file name that is safe and distinct on every file system, also on those
 * that fold case or normalise Unicode: everything but `a-z 0-9 . _ -` is percent-encoded (UTF-8), as are a
 * leading dot and the first letter of Windows device names. A long name becomes a readable prefix, `~` and
 * a SHA-256 prefix, so the name itself must also be stored where it has to be read back.
 */
export function encodeFileName(name: string): string {
  if (SAFE.test(name)) return name
  const encoded = name
    .replace(UNSAFE, percentEncode)
    .replace(/^\./u, '%2E')
    .replace(RESERVED, (device) => percentEncode(device.charAt(0)) + device.slice(1))
  if (encoded.length <= MAX_ENCODED_LENGTH) return encoded
  const prefix = encoded.slice(0, MAX_ENCODED_LENGTH - HASH_LENGTH - 1).replace(/%[0-9A-F]?$/u, '')
  return `${prefix}~${sha256(name).slice(0, HASH_LENGTH)}`
}

/** Reverses {@link encodeFileName}; `undefined` for a hashed name and for what it could not have made. */
export function decodeFileName(fileName: string): string | undefined {
  if (fileName.includes('~')) return undefined
  try {
    const name = decodeURIComponent(fileName)
    return encodeFileName(name) === fileName ? name : undefined
  } catch {
    return undefined
  }
}

function percentEncode(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

function sha256(text: string): string {
  // node:crypto takes 3 ms to load, so only the rare long name pays for it.
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex')
}
