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
