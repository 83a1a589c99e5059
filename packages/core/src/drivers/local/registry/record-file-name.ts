import { decodeFileName, encodeFileName } from '../../../base/names/file-name.js'
import {
  formatIdentity,
  parseIdentity,
  type ProcessIdentity,
} from '../../../base/process/process-identity.js'

/** The name of a record's file; it counts even if the content was lost. */
export interface RecordFileName {
  readonly fileName: string
  readonly encodedName: string
  readonly instance: string
  /** The identity as written; equal text means the same process. */
  readonly identityText: string
  /** True for a record about to be renamed into place. */
  readonly temporary: boolean
}

const SUFFIX = '.json'
const TEMPORARY_SUFFIX = '.json.new'
/** Returns the file name of one instance of this process: `<encoded name>~<instance>~<identity>.json`. */
export function recordFileName(name: string, instance: string, identity: ProcessIdentity): string {
  return `${encodeFileName(name)}~${instance}~${formatIdentity(identity)}${SUFFIX}`
}

/**
 * Returns the name under which a record is written before it is renamed; recognisable, so that a dead writer's is
 * collected as well.
 */
export function temporaryFileName(fileName: string): string {
  return fileName.slice(0, -SUFFIX.length) + TEMPORARY_SUFFIX
}

/** Parses a file name; returns `undefined` if it is not a record's. */
export function parseRecordFileName(fileName: string): RecordFileName | undefined {
  // A hashed name contains a tilde, so the first group is greedy.
  const match = /^(.+)~([0-9a-f]{12})~(p[0-9a-z.]+)\.json(\.new)?$/u.exec(fileName)
  if (match === null) return undefined
  const [, encodedName = '', instance = '', identityText = '', temporary] = match
  return { fileName, encodedName, instance, identityText, temporary: temporary !== undefined }
}

/** Returns the identity in a file name; `undefined` if it is damaged, which proves nothing about any process. */
export function identityOf(file: RecordFileName): ProcessIdentity | undefined {
  return parseIdentity(file.identityText)
}

/** Returns the service's name as far as the file name shows it: for a long one, only a readable prefix and a hash. */
export function nameOf(file: Pick<RecordFileName, 'encodedName'>): string {
  return decodeFileName(file.encodedName) ?? file.encodedName
}
