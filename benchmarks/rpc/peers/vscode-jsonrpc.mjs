// JSON-RPC 2.0 as language servers speak it, with VS Code's library.
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node'
import { connectSocket, listen } from '../unix-socket.mjs'

/** @param {string} place */
export function serve(place) {
  return listen(place, (socket) => {
    const connection = over(socket)
    connection.onRequest('echo', (data) => data)
    connection.listen()
  })
}

/** @param {string} place */
export async function connect(place) {
  const socket = await connectSocket(place)
  const connection = over(socket)
  connection.listen()
  return {
    ask: (/** @type {unknown} */ data) => connection.sendRequest('echo', data),
    close: () => void socket.destroy(),
  }
}

/** @param {import('node:net').Socket} socket */
function over(socket) {
  return createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket))
}
