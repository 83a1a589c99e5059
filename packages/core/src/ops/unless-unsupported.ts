import { isCliOpsError } from '../base/errors/cli-ops-error.js'

/** A primitive that an engine does not offer: why, and what does. */
export interface Unsupported {
  readonly refusal: string
}

/** Asks an engine for a primitive that it might not have. Rejects on any other error. */
export async function unlessUnsupported<T>(look: () => Promise<T>): Promise<T | Unsupported> {
  try {
    return await look()
  } catch (error) {
    if (isCliOpsError(error, 'UNSUPPORTED')) return { refusal: error.message }
    throw error
  }
}

export function isUnsupported(found: unknown): found is Unsupported {
  return typeof found === 'object' && found !== null && 'refusal' in found
}
