import type { OpenCommand, ServiceRecord } from '../../registry/contract/registry-driver.js'
import type { CommandLockFacts } from '../standard-events.js'
import { eventJson } from './event-record.js'
import { sourceOf } from './event-source.js'
import { isoNow } from './event-time.js'

/** What its rule asks for, or all that is known of what it held. */
interface KilledLock {
  readonly lock?: CommandLockFacts | OpenCommand['lock']
}

/** The last event of a command whose process was killed, as that process would have emitted it. Nobody knows the exit code. */
export function killedEventJson(
  { name, instance }: Pick<ServiceRecord, 'name' | 'instance'>,
  { command, startedAt, endId, lock }: Omit<OpenCommand, 'lock'> & KilledLock,
): string {
  const data = {
    cli: name,
    command,
    instance,
    exitCode: null,
    // Until now, since nobody saw the end. The clock may have been set back.
    durationMs: Math.max(0, Date.now() - startedAt),
    lock,
  }
  const attributes = {
    id: endId,
    type: 'command:failed',
    source: sourceOf(name, instance),
    time: isoNow(),
    traceparent: undefined,
  }
  return eventJson(attributes, JSON.stringify(data))
}
