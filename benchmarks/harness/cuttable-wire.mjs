import { connect, createServer } from 'node:net'

/** A TCP proxy that can stop forwarding. @param {number} target */
export async function cuttableWire(target) {
  /** @type {import('node:net').Socket[]} */
  const sockets = []
  let isCut = false
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.push(/** @type {import('node:net').Socket} */ (from))
      from?.on('error', () => {})
      from?.on('data', (chunk) => {
        if (!isCut) to?.write(chunk)
      })
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  return {
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    cut: () => {
      isCut = true
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
