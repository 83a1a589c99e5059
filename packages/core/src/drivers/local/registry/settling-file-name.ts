import type { RecordFileName } from './record-file-name.js'

/**
 * A dead process's record while another process stores the missing events. The name identifies that process, so that
 * another one continues if it dies as well.
 */
export interface SettlingFileName {
  readonly fileName: string
  readonly encodedName: string
  /** The dead process's instance. */
  readonly instance: string
  /** The identity of the process that settles it, as written. */
  readonly identityText: string
}

const SUFFIX = '.dead'

/** Returns the name of a record while `identityText` settles it: `<encoded name>~<instance>~<identity>.dead`. */
export function settlingFileName(
  { encodedName, instance }: Pick<RecordFileName, 'encodedName' | 'instance'>,
  identityText: string,
): string {
  return `${encodedName}~${instance}~${identityText}${SUFFIX}`
}

/** Parses such a name; returns `undefined` for any other. */
export function parseSettlingFileName(fileName: string): SettlingFileName | undefined {
  const match = /^(.+)~([0-9a-f]{12})~(p[0-9a-z.]+)\.dead$/u.exec(fileName)
  if (match === null) return undefined
  const [, encodedName = '', instance = '', identityText = ''] = match
  return { fileName, encodedName, instance, identityText }
}
