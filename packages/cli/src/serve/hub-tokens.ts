import type { HubToken } from '@cli-ops/driver-websocket/hub'

import type { ServeLog } from './serve-log.js'
import type { TokenFile } from './token-file.js'
import type { TokenRecord } from './token-record.js'

/**
 * Makes what a hub asks for its tokens, at each attempt to connect and once a second: the file is read anew each time, so a
 * token that was added is good at once, and one that was revoked ends its connections within seconds. Why a file cannot be used
 * is said once, and then nobody new is let in until it can.
 */
export function hubTokens(file: TokenFile, log: ServeLog): () => readonly HubToken[] {
  let problem = ''
  return () => {
    try {
      const tokens = file.read().map(toHubToken)
      if (problem !== '') log.important(`${file.path} can be used again`)
      problem = ''
      return tokens
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (message !== problem) log.important(`nobody new is let in: ${message}`)
      problem = message
      throw error
    }
  }
}

function toHubToken({ name, hash, scopes, namespaces, expiresAt }: TokenRecord): HubToken {
  return {
    name,
    hash,
    scopes,
    ...(namespaces !== undefined && { namespaces }),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
  }
}
