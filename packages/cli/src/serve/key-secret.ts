import { createHash, randomBytes } from 'node:crypto'

/** So that scanners for leaked secrets, and people, recognise one. */
const PREFIX = 'cliops_'

/** Makes the secret of an access key: 256 bits, so that a plain digest of it is as good as a slow one. */
export function createSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64url')}`
}

/** The digest of a secret, as it is kept. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
