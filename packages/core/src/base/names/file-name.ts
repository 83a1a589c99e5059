/** Leaves room for the suffixes and identities added to an encoded name; file systems allow 255. */
const MAX_ENCODED_LENGTH = 120
const HASH_LENGTH = 32

/**
 * Encodes any valid name as a file name that is safe and distinct on every file system, including those that fold case or normalise
 * Unicode. Everything except `a-z 0-9 . _ -` is percent-encoded (UTF-8), as are a leading and a trailing dot and the first letter of
 * Windows device names. A long name becomes a readable prefix, `~` and a SHA-256 prefix, so the name itself must also be stored if it
 * has to be read back.
 */
export function encodeFileName(name: string): string {
  if (isSafe(name)) return name
  const encoded = name
    .replace(/[^a-z0-9._-]/gu, percentEncode)
    .replace(/^\.|\.$/gu, '%2E')
    // Windows resolves these to devices, whatever the extension.
    .replace(
      /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)/u,
      (device) => percentEncode(device.charAt(0)) + device.slice(1),
    )
  if (encoded.length <= MAX_ENCODED_LENGTH) return encoded
  const prefix = encoded.slice(0, MAX_ENCODED_LENGTH - HASH_LENGTH - 1).replace(/%[0-9A-F]?$/u, '')
  return `${prefix}~${sha256(name).slice(0, HASH_LENGTH)}`
}

/** Reverses {@link encodeFileName}; `undefined` for a hashed name, or for one that it could not have produced. */
export function decodeFileName(fileName: string): string | undefined {
  if (fileName.includes('~')) return undefined
  try {
    const name = decodeURIComponent(fileName)
    return encodeFileName(name) === fileName ? name : undefined
  } catch {
    return undefined
  }
}

/** Names with these prefixes might be devices. */
const DEVICE_PREFIXES = ['con', 'prn', 'aux', 'nul', 'com', 'lpt']

/**
 * Returns true for most names that are their own file names. A command has two or three names, too few to compile a regular
 * expression.
 */
function isSafe(name: string): boolean {
  if (name === '' || name.length > MAX_ENCODED_LENGTH || name.startsWith('.') || name.endsWith('.'))
    return false
  for (let index = 0; index < name.length; index += 1) {
    const code = name.charCodeAt(index)
    const isLetter = code >= 0x61 && code <= 0x7a
    const isDigit = code >= 0x30 && code <= 0x39
    if (!isLetter && !isDigit && code !== 0x2d && code !== 0x2e && code !== 0x5f) return false
  }
  return !DEVICE_PREFIXES.includes(name.slice(0, 3))
}

function percentEncode(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

function sha256(text: string): string {
  // Loading node:crypto takes 3 ms, so only the rare long name pays for it.
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex')
}
