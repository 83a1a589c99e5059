// Redis pub/sub over bare sockets: the cost of the server alone, without a client library. `place` is a port of
// 127.0.0.1.
import { once } from 'node:events'
import { connect } from 'node:net'

const CHANNEL = 'bench:bare'

/** @type {import('../transport.mjs').OpenSender} */
export async function openSender(place) {
  const socket = connect(Number(place), '127.0.0.1').setNoDelay()
  await once(socket, 'connect')
  socket.resume()
  const head = `*3\r\n$7\r\nPUBLISH\r\n$${CHANNEL.length}\r\n${CHANNEL}\r\n`
  return {
    send: (at) => void socket.write(`${head}$${at.length}\r\n${at}\r\n`),
    close: async () => void socket.destroy(),
  }
}

/** @type {import('../transport.mjs').OpenReader} */
export async function openReader(place, onEvent) {
  const socket = connect(Number(place), '127.0.0.1').setNoDelay().setEncoding('latin1')
  socket.write(`SUBSCRIBE ${CHANNEL}\r\n`)
  await once(socket, 'data')
  socket.on('data', (text) => {
    for (const [, at = ''] of String(text).matchAll(/\r\n(\d{9,})\r\n/gu)) onEvent(at)
  })
}
