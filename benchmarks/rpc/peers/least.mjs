// The minimal protocol of JSON lines with ids: no deadlines, limits, cancellation or back-pressure.
import { connectSocket, listen, onFrames } from '../unix-socket.mjs'

/** @param {string} place */
export function serve(place) {
  return listen(place, (socket) => {
    onFrames(socket, '\n', (text) => {
      const { id, method, params } = JSON.parse(text)
      const result = method === 'echo' ? params : null
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`)
    })
  })
}

/** @param {string} place */
export async function connect(place) {
  const socket = await connectSocket(place)
  /** @type {Map<number, (result: unknown) => void>} */
  const pending = new Map()
  let lastId = 0
  onFrames(socket, '\n', (text) => {
    const { id, result } = JSON.parse(text)
    pending.get(id)?.(result)
    pending.delete(id)
  })
  return {
    ask: (/** @type {unknown} */ params) =>
      new Promise((resolve) => {
        lastId += 1
        pending.set(lastId, resolve)
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: lastId, method: 'echo', params })}\n`)
      }),
    close: () => void socket.destroy(),
  }
}
