import type { OpenCommand, ServiceRecord } from '../../registry/contract/registry-driver.js'
import { eventJson } from './event-json.js'
import { sourceOf } from './event-source.js'
import { isoNow } from './event-time.js'

/** The lock that the rule asks for, or all that is known of the lock that was held. */
interface KilledLock {
  readonly lock?:
    OpenCommand['lock'] | { readonly resource: string; readonly heldMs?: number | undefined }
}

/** Returns the last event of a command whose process was killed, as that process would have emitted it. The exit code is unknown. */
export function killedEventJson(
  { name, instance }: Pick<ServiceRecord, 'name' | 'instance'>,
  { command, startedAt, endId, lock }: Omit<OpenCommand, 'lock'> & KilledLock,
): string {
  const data = {
    cli: name,
    command,
    instance,
    exitCode: null,
    // Until now, since no process saw the end. The clock can have been set back.
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
