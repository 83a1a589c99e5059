import type { ConnectionOptions } from './connection-options.js'

/** The options that every class of the kit takes. */
export const CONNECTION_FIELDS = {
  home: true,
  namespace: true,
  url: true,
  leaseMs: true,
  engineTimeoutMs: true,
  disabled: true,
} satisfies Record<keyof ConnectionOptions, true>

/**
 * What only some of the classes take. The others accept it unread: a program may pass one object of options to all of them, and
 * TypeScript lets it.
 */
export const FIELDS_OF_OTHERS: readonly string[] = [
  ...['timeoutMs', 'waitMs', 'instance', 'pick'],
  ...['inMemory', 'source', 'retentionMs', 'maxBytes', 'durable', 'rateLimit', 'schemas'],
  ...['version', 'maxInFlight', 'closeGraceMs', 'keepAlive', 'onError'],
  ...['maxMessageBytes', 'maxUnreadBytes'],
]
