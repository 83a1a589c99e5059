import { createHash } from 'node:crypto'

/** What an access key may allow. See the table in `docs/reference/hub-protocol.md` for each operation's scope. */
export const HUB_SCOPES = ['read', 'emit', 'lock', 'call'] as const

/**
 * `read`: events, locks and running instances may be seen. `emit`: events may be stored, and the instance registered. `lock`:
 * locks may be taken, and released by force. `call`: services may be asked, and offered.
 */
export type HubScope = (typeof HUB_SCOPES)[number]

/** A secret that clients present, without the secret. */
export interface AccessKey {
  /** Shown beside everything that is done with it: letters, digits, `.`, `_` and `-`, at most 64 of them; unique. */
  readonly name: string
  /** SHA-256 of the secret, in hexadecimal digits. See {@link hashAccessKey}. */
  readonly hash: string
  readonly scopes: readonly HubScope[]
  /**
   * Namespaces that may be used; `''` is the default one.
   * @default all of them
   */
  readonly namespaces?: readonly string[] | undefined
  /** From then on it is refused, and its connections are closed. */
  readonly expiresAt?: Date | undefined
}

/**
 * The valid access keys. A function is called at each connection attempt, and once a second while there are connections: a
 * connection whose access key was removed or changed is closed. While it throws, new clients are refused.
 */
export type AccessKeySource = readonly AccessKey[] | (() => readonly AccessKey[])

/** The hash by which a hub knows a secret. The secret has to be random: 32 bytes, not a password. */
export function hashAccessKey(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}
