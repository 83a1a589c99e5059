import { createHash } from 'node:crypto'

/** A subject token that can stay readable. */
const PLAIN = /^[\w-]{1,64}$/u

/** What separates namespaces: a subject token, which allows no spaces, dots and wildcards. */
export type Space = string

/** Names a namespace, a resource or a group within a subject. */
export function hashed(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 22)
}

/** Names an id within a subject. */
export function idToken(id: string): string {
  return PLAIN.test(id) ? id : `=${hashed(id)}`
}

/** The subjects of messages that no stream stores. */
export const told = {
  /** Reaches one driver. */
  driver: (driverId: string): string => `cli_ops.to.${driverId}`,
  /** Events, as they were stored. */
  events: (space: Space): string => `cli_ops.stored.${space}`,
  /** A group's parked events should be retried. */
  parked: (space: Space): string => `cli_ops.on.${space}.parked`,
  /** The set of records has changed. */
  registry: (space: Space): string => `cli_ops.on.${space}.registry`,
}
