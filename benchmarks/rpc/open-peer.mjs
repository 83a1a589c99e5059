import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { startReadyChild } from '../harness/ready-child.mjs'

const SERVER = fileURLToPath(new URL('serve-peer.mjs', import.meta.url))

/**
 * @typedef {{ ask: (data: unknown) => Promise<unknown>, close: () => void }} Connection
 *   `ask` resolves to its argument: every peer's server echoes.
 * @typedef {{ serve: (place: string) => Promise<unknown>, connect: (place: string) => Promise<Connection> }} Peer What
 *   a `peers/<name>.mjs` exports. The place is a socket's path; for the kit, a home.
 */

/** Starts a peer's server in a separate process. @param {string} name @param {string} place */
export async function startServer(name, place) {
  const server = await startReadyChild(SERVER, [name, place])
  // It ends with this process, and must not keep it alive.
  server.unref()
  server.channel?.unref()
  return server
}

/**
 * Starts a peer's server in another process and connects to it.
 *
 * @param {string} name of a module in `peers/`
 * @param {string} folder for its socket
 * @returns {Promise<Connection>}
 */
export async function openPeer(name, folder) {
  // Where the kit creates its sockets.
  process.env['XDG_RUNTIME_DIR'] = folder
  const place = join(folder, name)
  await startServer(name, place)
  /** @type {Peer} */
  const { connect } = await import(`./peers/${name}.mjs`)
  return connect(place)
}
