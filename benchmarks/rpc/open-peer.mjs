import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const SERVER = fileURLToPath(new URL('serve-peer.mjs', import.meta.url))

/**
 * @typedef {{ ask: (data: unknown) => Promise<unknown>, close: () => void }} Connection
 *   `ask` resolves to what was asked: every peer's server gives back what it is given.
 * @typedef {{ serve: (place: string) => Promise<unknown>, connect: (place: string) => Promise<Connection> }} Peer
 *   What a `peers/<name>.mjs` exports. The place is a socket's path; for the kit, a home.
 */

/** Starts the server of a peer in a process of its own. @param {string} name @param {string} place */
export async function startServer(name, place) {
  const child = fork(SERVER, [name, place])
  process.on('exit', () => child.kill('SIGKILL'))
  await once(child, 'message')
  // Servers end with this process, and must not keep it from ending.
  child.unref()
  child.channel?.unref()
  return child
}

/**
 * Starts a peer's server in another process and connects to it.
 *
 * @param {string} name of a module in `peers/`
 * @param {string} folder where its socket may be
 * @returns {Promise<Connection>}
 */
export async function openPeer(name, folder) {
  // Where the kit makes its sockets.
  process.env['XDG_RUNTIME_DIR'] = folder
  const place = join(folder, name)
  await startServer(name, place)
  /** @type {Peer} */
  const { connect } = await import(`./peers/${name}.mjs`)
  return connect(place)
}
