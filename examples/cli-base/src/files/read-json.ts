import { readFileSync } from 'node:fs'

import { EXIT_BAD_DATA, EXIT_IO, UserError } from '../user-error.js'

/** Reads a JSON file; `undefined` if there is none. Any other error names the file and changes nothing. */
export function readJson(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new UserError(`cannot read ${path}: ${message}`, EXIT_IO)
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/u, '')) as unknown
  } catch (error) {
    throw badData(path, error instanceof Error ? error.message : String(error))
  }
}

/** Returns the error for a file with the wrong content. */
export function badData(path: string, reason: string): UserError {
  return new UserError(
    `${path} cannot be understood: ${reason}; it was left as it is, repair it or move it away`,
    EXIT_BAD_DATA,
  )
}
