import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

import type { SessionKey } from '../protocol/protocol.js'
import type { AccessKey } from './access-key.js'

const ID = /^[\w-]{22}$/u

/** Whose session it is, and where. */
export interface SessionScope {
  readonly key: AccessKey
  readonly namespace: string
}

/**
 * Creates the id and the secret of a new session. The secret derives from the id and the access key, so a restarted hub
 * knows it, and so does any other hub that accepts the same key: nothing has to be stored, and revoking a key ends its
 * sessions.
 */
export function createSessionKey(scope: SessionScope): SessionKey {
  const id = randomBytes(16).toString('base64url')
  return { id, secret: secretOf(id, scope) }
}

/** Returns whether a secret is the session's. The time it takes does not depend on how much of it is right. */
export function isSessionKey(value: unknown, scope: SessionScope): value is SessionKey {
  const { id, secret } = (value ?? {}) as Partial<SessionKey>
  if (typeof id !== 'string' || typeof secret !== 'string' || !ID.test(id)) return false
  return isSame(secret, secretOf(id, scope))
}

/** What a client presents to a hub that knows nothing of a lock, to keep the lock. */
export interface GrantFacts {
  readonly resource: string
  readonly mode: string
  readonly id: string
  readonly token: string
}

/** Returns the proof that a session was granted a lock. */
export function grantProof(session: string, facts: GrantFacts, scope: SessionScope): string {
  const { resource, mode, id, token } = facts
  return digest(['grant', session, resource, mode, id, token], scope)
}

export function isGrantProof(
  proof: unknown,
  session: string,
  facts: GrantFacts,
  scope: SessionScope,
): boolean {
  return typeof proof === 'string' && isSame(proof, grantProof(session, facts, scope))
}

function secretOf(id: string, scope: SessionScope): string {
  return digest(['session', id], scope)
}

function digest(parts: readonly string[], { key, namespace }: SessionScope): string {
  const text = JSON.stringify([key.name, namespace, ...parts])
  return createHmac('sha256', key.hash.toLowerCase()).update(text).digest('base64url')
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
