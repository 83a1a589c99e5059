import type { AccessKey } from '@cli-ops/driver-websocket/hub'

import type { ServeLog } from './serve-log.js'
import type { KeyFile } from './key-file.js'
import type { KeyRecord } from './key-record.js'

/**
 * Creates the function that a hub calls for its access keys, at each connection attempt and once a second. It reads the file
 * each time, so a new key is valid immediately, and a revoked one loses its connections within seconds. If the file cannot be
 * used, it reports why once, and no new client is admitted until it can.
 */
export function hubKeys(file: KeyFile, log: ServeLog): () => readonly AccessKey[] {
  let problem = ''
  return () => {
    try {
      const keys = file.read().map(toAccessKey)
      if (problem !== '') log.important(`${file.path} can be used again`)
      problem = ''
      return keys
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (message !== problem) log.important(`refusing new clients: ${message}`)
      problem = message
      throw error
    }
  }
}

function toAccessKey({ name, hash, scopes, namespaces, expiresAt }: KeyRecord): AccessKey {
  return {
    name,
    hash,
    scopes,
    ...(namespaces !== undefined && { namespaces }),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
  }
}
