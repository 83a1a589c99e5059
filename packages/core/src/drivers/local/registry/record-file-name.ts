import { decodeFileName, encodeFileName } from '../../../base/names/file-name.js'
import {
  formatIdentity,
  parseIdentity,
  type ProcessIdentity,
} from '../../../base/process/process-identity.js'

/** What the name of a record's file says; it holds even where the content was lost. */
export interface RecordFileName {
  readonly fileName: string
  readonly encodedName: string
  readonly instance: string
  /** The identity as written; equal text means the same process. */
  readonly identityText: string
  /** True for a record on its way to be renamed into place. */
  readonly temporary: boolean
}

const SUFFIX = '.json'
const TEMPORARY_SUFFIX = '.json.new'
/** The name of the file of one instance of this process: `<encoded name>~<instance>~<identity>.json`. */
export function recordFileName(name: string, instance: string, identity: ProcessIdentity): string {
  return `${encodeFileName(name)}~${instance}~${formatIdentity(identity)}${SUFFIX}`
}

/** Where a record is written before it is renamed; recognisable, so that a dead writer's is collected as well. */
export function temporaryFileName(fileName: string): string {
  return fileName.slice(0, -SUFFIX.length) + TEMPORARY_SUFFIX
}

/** Reads a file name; `undefined` for what is no record. */
export function parseRecordFileName(fileName: string): RecordFileName | undefined {
  // A hashed name holds a tilde itself, hence the greedy first group.
  const match = /^(.+)~([0-9a-f]{12})~(p[0-9a-z.]+)\.json(\.new)?$/u.exec(fileName)
  if (match === null) return undefined
  const [, encodedName = '', instance = '', identityText = '', temporary] = match
  return { fileName, encodedName, instance, identityText, temporary: temporary !== undefined }
}

/** The identity in a file name; `undefined` where it is damaged, which proves nothing about any process. */
export function identityOf(file: RecordFileName): ProcessIdentity | undefined {
  return parseIdentity(file.identityText)
}

/** The service's name as far as the file name tells: a long one is only a readable prefix and a hash. */
export function nameOf(file: Pick<RecordFileName, 'encodedName'>): string {
  return decodeFileName(file.encodedName) ?? file.encodedName
}
