import { debug } from '../../../base/terminal/message.js'
import { atExit } from '../../../base/process/at-exit.js'
import { LivenessSocket } from '../../../base/process/liveness-socket.js'
import { needsLivenessSocket } from '../../../base/process/needs-liveness-socket.js'
import { ownIdentity } from '../../../base/process/process-identity.js'
import type { Home } from './home.js'

/** By directory: a process can work in several homes. */
const sockets = new Map<string, LivenessSocket>()

/**
 * Leaves a socket in the home by which processes of every pid namespace can tell whether this one is alive. Does nothing if the
 * pid suffices, which is nearly everywhere except in containers. A failure loses the proof of this process's death, not the
 * lock.
 */
export function announceLiveness(home: Home): void {
  const identity = ownIdentity()
  if (!needsLivenessSocket(identity) || !home.isLocal) return
  if (sockets.get(home.sockets)?.isThere() === true) return
  try {
    const socket = openLivenessSocket(home)
    socket.answerFor(identity)
    sockets.set(home.sockets, socket)
    atExit(() => socket.remove())
  } catch (error) {
    debug(() => `no liveness socket in ${home.sockets}: ${String(error)}`)
  }
}

/** Opens a socket in the home's directory for sockets, creating that if it is missing. */
export function openLivenessSocket(home: Home): LivenessSocket {
  return home.inDirectory(home.sockets, () => LivenessSocket.open(home.sockets))
}
