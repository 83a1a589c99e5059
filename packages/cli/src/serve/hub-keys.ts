import type { AccessKey } from '@cli-ops/driver-websocket/hub'

import type { ServeLog } from './serve-log.js'
import type { KeyFile } from './key-file.js'
import type { KeyRecord } from './key-record.js'

/**
 * Makes what a hub asks for its access keys, at each attempt to connect and once a second: the file is read anew each time, so a
 * key that was added is good at once, and one that was revoked ends its connections within seconds. Why a file cannot be used
 * is said once, and then nobody new is let in until it can.
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
