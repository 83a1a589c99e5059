// The protocol of node-ipc, written by hand: `{"type","data"}` and a form feed. The package itself is not used, since
// versions of it carried malware. It has no requests, so replies are matched by the order of sending.
import { connectSocket, listen, onFrames } from '../unix-socket.mjs'

/** @param {string} place */
export function serve(place) {
  return listen(place, (socket) => {
    onFrames(socket, '\f', (text) => {
      const { type, data } = JSON.parse(text)
      socket.write(`${JSON.stringify({ type, data })}\f`)
    })
  })
}

/** @param {string} place */
export async function connect(place) {
  const socket = await connectSocket(place)
  /** @type {((data: unknown) => void)[]} */
  const waiting = []
  onFrames(socket, '\f', (text) => waiting.shift()?.(JSON.parse(text).data))
  const ask = (/** @type {unknown} */ data) =>
    new Promise((resolve) => {
      waiting.push(resolve)
      socket.write(`${JSON.stringify({ type: 'echo', data })}\f`)
    })
  return { ask, close: () => void socket.destroy() }
}
