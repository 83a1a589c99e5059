import { encodeFileName } from '../../../base/names/file-name.js'
import { parseJson } from '../../../base/validation/parse-json.js'
import type { OpenCommand, ServiceRecord } from '../../../registry/contract/registry-driver.js'
import { nameOf, type RecordFileName } from './record-file-name.js'
import { isObject } from '../../../base/validation/is-object.js'

/** Formats a record as the content of its file. */
export function formatRecordBody(record: ServiceRecord): string {
  return `${JSON.stringify(record)}\n`
}

/** What is known about a record without its content. */
export interface RecordFacts extends Pick<RecordFileName, 'encodedName' | 'instance'> {
  /** `undefined` if only the content has it. */
  readonly pid: number | undefined
}

/**
 * Parses the content of a record's file. Content that contradicts the file name, or is not a record (a full disk, a
 * power loss, another program's edit), is replaced by what the file name says: the process is alive nevertheless.
 */
export function readRecordBody(file: RecordFacts, body: string): ServiceRecord {
  const { instance } = file
  const parsed = tryParse(body)
  if (isRecordOf(file, parsed)) {
    const { name, version, startedAt, endpoint, metadata } = parsed
    const pid = file.pid ?? (Number.isSafeInteger(parsed.pid) ? parsed.pid : 0)
    const record = { name, instance, pid, version, startedAt, endpoint, metadata }
    const commands = openCommandsIn(parsed.commands)
    // A field that is missing here would be lost.
    const all = { ...record, commands } satisfies Record<keyof ServiceRecord, unknown>
    return commands.length === 0 ? record : all
  }
  return { name: nameOf(file), instance, pid: file.pid ?? 0, startedAt: 0, metadata: {} }
}

function isRecordOf(file: RecordFacts, value: unknown): value is ServiceRecord {
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

function openCommandsIn(value: unknown): OpenCommand[] {
  return Array.isArray(value) ? value.filter(isOpenCommand) : []
}

function isOpenCommand(value: unknown): value is OpenCommand {
  if (!isObject(value)) return false
  const { command, startedAt, endId } = value
  return (
    typeof command === 'string' &&
    Number.isSafeInteger(startedAt) &&
    // It is copied into an event as it is.
    typeof endId === 'string' &&
    /^[\w.-]{1,100}$/u.test(endId)
  )
}

function tryParse(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
