// Echoes bytes unchanged: the cost of the socket itself. One at a time, since there are no ids.
import { connectSocket, listen } from '../unix-socket.mjs'

/** @param {string} place */
export function serve(place) {
  return listen(place, (socket) => socket.on('data', (chunk) => void socket.write(chunk)))
}

/** @param {string} place */
export async function connect(place) {
  const socket = await connectSocket(place)
  /** @type {(() => void) | undefined} */
  let answered
  let missing = 0
  socket.on('data', (chunk) => {
    missing -= chunk.length
    if (missing === 0) answered?.()
  })
  const ask = (/** @type {unknown} */ data) => {
    const text = `${JSON.stringify(data)}\n`
    missing = Buffer.byteLength(text)
    return new Promise((resolve) => {
      answered = () => resolve(undefined)
      socket.write(text)
    })
  }
  return { ask, close: () => void socket.destroy() }
}
