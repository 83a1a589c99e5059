import { debug } from '../base/terminal/message.js'
import type { Connection } from '../engine/connection-options.js'
import { identityOf } from '../base/process/identity-of.js'
import { needsLivenessSocket } from '../base/process/needs-liveness-socket.js'
import { ownIdentity } from '../base/process/process-identity.js'
import { openLivenessSocket } from '../drivers/local/home/announce-liveness.js'
import { homeOf } from '../drivers/local/home/home-of.js'

/** A liveness socket for a child, in whose name this process takes locks (`ownerPid`). */
export interface OwnerSocket {
  /** To be handed to the child: from then on the socket is open as long as either has it. */
  readonly descriptor: number
  /** Says for which process it is. Before a lock is asked for in that one's name. */
  answerFor(pid: number): void
  /** Removes its file, once the child holds nothing any more. */
  remove(): void
}

/**
 * Opens a liveness socket for a child to be; undefined where its pid is enough, and where none can be opened. What a crash
 * leaves is removed by a clean-up.
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
