import { assertEventType, parseDuration } from '@cli-ops/shared-ipc/ops'

import { parseJson } from '../parse-json.js'

/** What `cli-ops run` is to do. */
export interface RunPlan {
  readonly resource: string
  readonly mode: 'exclusive' | 'shared'
  /** Undefined: as the environment says, else without limit. */
  readonly timeoutMs: number | undefined
  readonly keepFor: 'child' | 'descendants'
  readonly event: PlannedEvent | undefined
}

/** The event that follows a program which ended well. */
export interface PlannedEvent {
  readonly type: string
  /** Undefined: how the program ended. */
  readonly data: unknown
}

/** Reads the options of `run`. @throws TypeError naming the option, the rule and the value */
export function parseRunOptions(options: Readonly<Record<string, unknown>>): RunPlan {
  const { lock, shared, wait, emit, keepFor } = options
  return {
    resource: lock as string,
    mode: shared === true ? 'shared' : 'exclusive',
    timeoutMs:
      typeof wait === 'string' ? parseDuration('--wait', wait) : wait === false ? 0 : undefined,
    keepFor: parseKeepFor(keepFor),
    event: emit === undefined ? undefined : parseEvent(emit as string),
  }
}

function parseKeepFor(value: unknown): RunPlan['keepFor'] {
  if (value === 'child') return value
  if (value !== 'descendants') {
    throw new TypeError(`--keep-for must be child or descendants, got ${JSON.stringify(value)}`)
  }
  if (process.platform === 'win32') {
    throw new TypeError('--keep-for must be child on Windows, got "descendants"')
  }
  return value
}

function parseEvent(text: string): PlannedEvent {
  const at = text.indexOf('=')
  const type = at < 0 ? text : text.slice(0, at)
  assertEventType(type, '--emit')
  return { type, data: at < 0 ? undefined : parseJson('--emit', text.slice(at + 1)) }
}
