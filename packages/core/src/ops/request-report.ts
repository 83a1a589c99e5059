import type { RequestReport } from '../rpc/request-log.js'
import { isObject } from '../base/validation/is-object.js'

const OUTCOMES: readonly unknown[] = ['answered', 'failed', 'cancelled', 'expired']
const MAX_ENTRIES = 1000

/** Parses a server's answer to `$/requests`; returns undefined for anything else. */
export function readRequestReport(value: unknown): RequestReport | undefined {
  if (!isObject(value)) return undefined
  const { ended, failed, running, recent } = value
  if (!isCount(ended) || !isCount(failed) || !Array.isArray(running) || !Array.isArray(recent))
    return undefined
  return {
    ended,
    failed,
    running: running.slice(0, MAX_ENTRIES).filter(isRunning),
    recent: recent.slice(-MAX_ENTRIES).filter(isEnded),
  }
}

function isRunning(entry: unknown): entry is RequestReport['running'][number] {
  return isObject(entry) && typeof entry['method'] === 'string' && isSpan(entry['forMs'])
}

function isEnded(entry: unknown): entry is RequestReport['recent'][number] {
  return (
    isObject(entry) &&
    typeof entry['method'] === 'string' &&
    isCount(entry['number']) &&
    isSpan(entry['endedMsAgo']) &&
    isSpan(entry['durationMs']) &&
    OUTCOMES.includes(entry['outcome'])
  )
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isSpan(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}
