import { createHash } from 'node:crypto'

/** The bytes that an index key can hold besides a name. */
const MAX_BYTES = 200

/** What separates namespaces in tables and in channel names, which are short. */
export interface Space {
  readonly key: string
  /** Hints that something was stored, that a group's parked events should be retried, and that the set of records has changed. */
  readonly channels: Readonly<Record<'events' | 'parked' | 'registry', string>>
}

/** Returns a namespace's place in the database. */
export function spaceOf(namespace: string): Space {
  const hash = createHash('sha256').update(namespace).digest('hex')
  const channel = (of: string): string => `cli_ops_on_${of}_${hash.slice(0, 24)}`
  return {
    key: Buffer.byteLength(namespace) <= MAX_BYTES ? namespace : `sha256:${hash}`,
    channels: {
      events: channel('events'),
      parked: channel('parked'),
      registry: channel('registry'),
    },
  }
}
