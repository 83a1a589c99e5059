import { X509Certificate } from 'node:crypto'
import { statSync } from 'node:fs'

import type { HubTls } from '@cli-ops/driver-websocket/hub'

import type { TlsPaths } from './serve-options.js'

const DAY_MS = 86_400_000
/** Time enough to renew by hand. */
const SOON_MS = 14 * DAY_MS

/** What an operator should know of a certificate that works: that it ends soon, or that others can read its key. */
export function certificateConcerns({ cert }: HubTls, { key: keyPath }: TlsPaths): string[] {
  const concerns: string[] = []
  const ends = new Date(new X509Certificate(cert).validTo)
  const leftMs = ends.getTime() - Date.now()
  if (leftMs < SOON_MS) {
    const when = leftMs < 0 ? 'has ended' : 'ends'
    concerns.push(
      `the certificate ${when} on ${ends.toISOString().slice(0, 10)}; renew it and send SIGHUP, or clients will refuse it`,
    )
  }
  // Windows has access lists of its own.
  if (process.platform !== 'win32' && (statSync(keyPath).mode & 0o077) !== 0)
    concerns.push(`other users can access ${keyPath}; run "chmod 600" on it`)
  return concerns
}
