import { debug } from '../base/terminal/message.js'
import type { Connection } from '../engine/connection-options.js'
import { identityOf } from '../base/process/identity-of.js'
import { needsLivenessSocket } from '../base/process/needs-liveness-socket.js'
import { ownIdentity } from '../base/process/process-identity.js'
import { openLivenessSocket } from '../drivers/local/home/announce-liveness.js'
import { homeOf } from '../drivers/local/home/home-of.js'

/** A liveness socket for a child on whose behalf this process takes locks (`ownerPid`). */
export interface OwnerSocket {
  /** Passed to the child: the socket then stays open as long as either process has it. */
  readonly descriptor: number
  /** Names the process it stands for. Call this before requesting a lock on that process's behalf. */
  answerFor(pid: number): void
  /** Removes the socket file once the child holds nothing. */
  remove(): void
}

/**
 * Opens a liveness socket for a future child. Returns undefined if the child's pid is enough, or if no socket can be
 * opened. A clean-up removes what a crash leaves.
 */
export function openOwnerSocket(connection: Connection): OwnerSocket | undefined {
  if (!needsLivenessSocket(ownIdentity()) || connection.urlOf('locks') !== 'local:')
    return undefined
  const home = homeOf(connection)
  try {
    home.prepare()
    if (!home.isLocal) return undefined
    const socket = openLivenessSocket(home)
    const { descriptor } = socket
    if (descriptor !== undefined)
      return {
        descriptor,
        answerFor: (pid) => {
          socket.answerFor(identityOf(pid))
        },
        remove: () => {
          socket.remove()
        },
      }
    socket.remove()
  } catch (error) {
    debug(() => `no liveness socket in ${home.sockets}: ${String(error)}`)
  }
  return undefined
}
