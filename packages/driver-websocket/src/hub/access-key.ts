import { createHash } from 'node:crypto'

/** What an access key can allow. The table in `docs/reference/hub-protocol.md` lists each operation's scope. */
export const HUB_SCOPES = ['read', 'emit', 'lock', 'call'] as const

/**
 * `read`: see events, locks and running instances. `emit`: store events and register the instance. `lock`: take locks,
 * and release them by force. `call`: call services, and offer them.
 */
export type HubScope = (typeof HUB_SCOPES)[number]

/** A secret that clients present, known only by its hash. */
export interface AccessKey {
  /** Shown with everything done under this key: letters, digits, `.`, `_` and `-`, at most 64 of them; unique. */
  readonly name: string
  /** SHA-256 of the secret, in hexadecimal digits. See {@link hashAccessKey}. */
  readonly hash: string
  readonly scopes: readonly HubScope[]
  /**
   * Namespaces that the key allows; `''` is the default one.
   * @default all of them
   */
  readonly namespaces?: readonly string[] | undefined
  /** From then on the key is refused, and its connections are closed. */
  readonly expiresAt?: Date | undefined
}

/**
 * The valid access keys. A function is called at each connection attempt, and once a second while there are connections: a
 * connection whose access key was removed or changed is closed. While it throws, new clients are refused.
 */
export type AccessKeySource = readonly AccessKey[] | (() => readonly AccessKey[])

/** Returns the hash by which a hub knows a secret. The secret has to be random: 32 bytes, not a password. */
export function hashAccessKey(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}
