// The transport for peers that bring none.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** @param {string} path @param {(socket: import('node:net').Socket) => void} serve @returns {Promise<void>} */
export function listen(path, serve) {
  return new Promise((resolve) => {
    createServer(serve).listen(path, () => resolve())
  })
}

/** @param {string} path */
export async function connectSocket(path) {
  const socket = connect(path)
  await once(socket, 'connect')
  return socket
}

/**
 * Calls `onFrame` for each text that ends with the delimiter.
 *
 * @param {import('node:net').Socket} socket @param {string} delimiter @param {(text: string) => void} onFrame
 */
export function onFrames(socket, delimiter, onFrame) {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk) => {
    const frames = (rest + String(chunk)).split(delimiter)
    rest = frames.pop() ?? ''
    for (const frame of frames) onFrame(frame)
  })
}
