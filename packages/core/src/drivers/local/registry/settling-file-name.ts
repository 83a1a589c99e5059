import type { RecordFileName } from './record-file-name.js'

/**
 * A dead process's record while somebody stores what the process could not say. The name holds who that is, so that another
 * one goes on where that process dies as well.
 */
export interface SettlingFileName {
  readonly fileName: string
  readonly encodedName: string
  /** Of the dead process. */
  readonly instance: string
  /** The identity of the process that settles it, as written. */
  readonly identityText: string
}

const SUFFIX = '.dead'

/** The name that a record gets while `identityText` settles it: `<encoded name>~<instance>~<identity>.dead`. */
export function settlingFileName(
  { encodedName, instance }: Pick<RecordFileName, 'encodedName' | 'instance'>,
  identityText: string,
): string {
  return `${encodedName}~${instance}~${identityText}${SUFFIX}`
}

/** Reads such a name; `undefined` for any other. */
export function parseSettlingFileName(fileName: string): SettlingFileName | undefined {
  const match = /^(.+)~([0-9a-f]{12})~(p[0-9a-z.]+)\.dead$/u.exec(fileName)
  if (match === null) return undefined
  const [, encodedName = '', instance = '', identityText = ''] = match
  return { fileName, encodedName, instance, identityText }
}
