// Runs the measured server in a separate process: `hub`, or `relay`, a bare WebSocket server that forwards each message
// to the other clients, or back if there are none. Writes its URL.
import process from 'node:process'
import { createHub, hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { WebSocketServer } from 'ws'

const [, , kind, home, secret = ''] = process.argv

if (kind === 'hub') {
  /** @type {import('@cli-ops/driver-websocket/hub').AccessKey} */
  const token = {
    name: 'bench',
    hash: hashAccessKey(secret),
    scopes: ['read', 'emit', 'lock', 'call'],
  }
  const hub = await createHub({ keys: [token], store: { home } })
  console.log(hub.url)
} else {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const others = [...server.clients].filter((other) => other !== socket)
      for (const other of others.length > 0 ? others : [socket]) other.send(String(data))
    })
  })
  server.once('listening', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    console.log(`ws://127.0.0.1:${port}`)
  })
}
