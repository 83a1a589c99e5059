// birpc, which brings no transport: over a socket, one JSON text per line.
import { createBirpc } from 'birpc'
import { connectSocket, listen, onFrames } from '../unix-socket.mjs'

/** @param {string} place */
export function serve(place) {
  return listen(place, (socket) => {
    createBirpc({ echo: (/** @type {unknown} */ data) => data }, over(socket))
  })
}

/** @param {string} place */
export async function connect(place) {
  const socket = await connectSocket(place)
  /** @type {{ echo(data: unknown): Promise<unknown> }} */
  const rpc = createBirpc({}, over(socket))
  return {
    ask: (/** @type {unknown} */ data) => rpc.echo(data),
    close: () => void socket.destroy(),
  }
}

/** @param {import('node:net').Socket} socket */
function over(socket) {
  return {
    post: (/** @type {string} */ text) => void socket.write(`${text}\n`),
    on: (/** @type {(text: string) => void} */ onText) => onFrames(socket, '\n', onText),
    serialize: JSON.stringify,
    deserialize: JSON.parse,
  }
}
