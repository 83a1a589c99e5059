import { X509Certificate } from 'node:crypto'
import { statSync } from 'node:fs'

import type { HubTls } from '@cli-ops/driver-websocket/hub'

import type { TlsPaths } from './serve-options.js'

const DAY_MS = 86_400_000
/** Enough time to renew by hand. */
const SOON_MS = 14 * DAY_MS

/**
 * Returns what an operator should know about a working certificate: that it expires soon, or that others can read its
 * key.
 */
export function certificateConcerns({ cert }: HubTls, { key: keyPath }: TlsPaths): string[] {
  const concerns: string[] = []
  const ends = new Date(new X509Certificate(cert).validTo)
  const leftMs = ends.getTime() - Date.now()
  if (leftMs < SOON_MS) {
    const when = leftMs < 0 ? 'expired' : 'expires'
    concerns.push(
      `the certificate ${when} on ${ends.toISOString().slice(0, 10)}; renew it and send SIGHUP, or clients will refuse it`,
    )
  }
  // Windows has its own access lists.
  if (process.platform !== 'win32' && (statSync(keyPath).mode & 0o077) !== 0)
    concerns.push(`other users can access ${keyPath}; run "chmod 600" on it`)
  return concerns
}
