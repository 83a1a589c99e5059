import { createHash, randomBytes } from 'node:crypto'

/** Lets people, and scanners for leaked secrets, recognise one. */
const PREFIX = 'cliops_'

/** Creates the secret of an access key: at 256 bits, a plain digest of it is as good as a slow one. */
export function createSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64url')}`
}

/** Returns the digest of a secret, as stored. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
