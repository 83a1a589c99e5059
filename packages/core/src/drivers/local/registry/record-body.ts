import { encodeFileName } from '../../../names/file-name.js'
import { parseJson } from '../../../validation/parse-json.js'
import type { ServiceRecord } from '../../registry-driver.js'
import { identityOf, nameOf, type RecordFileName } from './record-file-name.js'

/** Writes a record as the content of its file. */
export function formatRecordBody(record: ServiceRecord): string {
  return `${JSON.stringify(record)}\n`
}

/**
 * Reads the content of a record's file. What contradicts the file name, or is no record at all (a full disk, a
 * power loss, a stranger's editor), is replaced by what the file name says: the process lives all the same.
 */
export function readRecordBody(file: RecordFileName, body: string): ServiceRecord {
  const pid = identityOf(file)?.pid ?? 0
  const parsed = tryParse(body)
  if (isRecordOf(file, parsed)) {
    const { name, version, startedAt, endpoint, metadata } = parsed
    return { name, instance: file.instance, pid, version, startedAt, endpoint, metadata }
  }
  return { name: nameOf(file), instance: file.instance, pid, startedAt: 0, metadata: {} }
}

function isRecordOf(file: RecordFileName, value: unknown): value is ServiceRecord {
  if (!isObject(value)) return false
  const { name, version, startedAt, endpoint, metadata } = value
  return (
    typeof name === 'string' &&
    encodeFileName(name) === file.encodedName &&
    (version === undefined || typeof version === 'string') &&
    Number.isSafeInteger(startedAt) &&
    (endpoint === undefined || typeof endpoint === 'string') &&
    isObject(metadata)
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function tryParse(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
