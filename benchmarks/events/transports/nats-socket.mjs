// NATS over bare sockets: the cost of the server alone, without a client library. `place` is a port of 127.0.0.1.
import { once } from 'node:events'
import { connect } from 'node:net'

const SUBJECT = 'bench.bare'

/** @type {import('../transport.mjs').OpenSender} */
export async function openSender(place) {
  const socket = await open(place)
  socket.resume()
  return {
    send: (at) => void socket.write(`PUB ${SUBJECT} ${at.length}\r\n${at}\r\n`),
    close: async () => void socket.destroy(),
  }
}

/** @type {import('../transport.mjs').OpenReader} */
export async function openReader(place, onEvent) {
  const socket = await open(place)
  socket.write(`SUB ${SUBJECT} 1\r\nPING\r\n`)
  await once(socket, 'data')
  socket.on('data', (text) => {
    for (const [, at = ''] of String(text).matchAll(/\r\n(\d{9,})\r\n/gu)) onEvent(at)
  })
}

/** @param {string} place */
async function open(place) {
  const socket = connect(Number(place), '127.0.0.1').setNoDelay().setEncoding('latin1')
  // The server speaks first.
  await once(socket, 'data')
  socket.write('CONNECT {"verbose":false}\r\n')
  return socket
}
