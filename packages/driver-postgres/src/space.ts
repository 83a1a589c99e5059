import { createHash } from 'node:crypto'

/** A key of an index holds so many bytes and a name besides. */
const MAX_BYTES = 200

/** What separates namespaces in tables, and in the names of channels, which are short. */
export interface Space {
  readonly key: string
  /** Hints that something was stored, that a group's parked events are to be tried again, and that the set of records has changed. */
  readonly channels: Readonly<Record<'events' | 'parked' | 'registry', string>>
}

/** The place of a namespace in the database. */
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
