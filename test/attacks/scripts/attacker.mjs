// Attacks a server from a separate process, so that its work does not count as the server's: attacker.mjs <endpoint>
// <kind> <size> It prints "begun" once the attack has effect, and "done" when it is over. Then it stays, its
// connections open.
import { once } from 'node:events'
import { connect } from 'node:net'
import { hostileStreams } from './hostile-streams.mjs'

const [endpoint, kind, size] = process.argv.slice(2)
const CHUNK = 64 * 1024

async function open() {
  const socket = connect(endpoint)
  try {
    await once(socket, 'connect')
  } catch {
    // Its backlog is full.
    await new Promise((resolve) => setTimeout(resolve, 1))
    return open()
  }
  socket.on('error', () => undefined).setMaxListeners(0)
  // A server that resets the connection has closed it.
  socket.over = new Promise((resolve) => socket.on('close', resolve).on('end', resolve))
  return socket
}

/** Writes until everything is taken or the server has gone away. */
async function pour(socket, chunk, times) {
  for (let count = 0; count < times && socket.writable; count += 1) {
    if (socket.write(chunk)) continue
    await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), socket.over])
  }
}

const request = (id, method, params) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`

const attacks = {
  /** One frame of 2 GB, as far as the server takes it. */
  async 'a frame of 2 GB'(bytes) {
    const socket = await open()
    process.send('begun')
    socket.write(`Content-Length: ${bytes}\r\n\r\n`)
    await pour(socket, Buffer.alloc(CHUNK, 'x'), bytes / CHUNK)
  },
  /** Many of them, each on a separate connection, since the header ends its connection. */
  async 'connections with such a frame'(connections) {
    process.send('begun')
    for (let n = 0; n < connections; n += 1) {
      const socket = await open()
      socket.write('Content-Length: 2147483647\r\n\r\n')
      await pour(socket, Buffer.alloc(CHUNK, 'x'), 16)
      socket.destroy()
    }
  },
  /** A line that never ends. */
  async 'an endless line'(bytes) {
    const socket = await open()
    process.send('begun')
    await pour(socket, Buffer.alloc(CHUNK, '['), bytes / CHUNK)
  },
  /** Many headers and lines that begin and never end, up to just below the limit. */
  async 'frames that stop'(connections) {
    for (let n = 0; n < connections; n += 1) {
      const socket = await open()
      socket.write(n % 2 === 0 ? '{"jsonrpc":' : 'Content-Length: 1000000\r\n\r\n{')
    }
    process.send('begun')
  },
  /** Peers that send requests and do not read. */
  async 'slow readers'(connections) {
    const chunk = Buffer.from(request(1, 'fill').repeat(100))
    for (let n = 0; n < connections; n += 1) {
      const socket = await open()
      socket.pause()
      // Never awaited: at some point the server takes no more.
      void pour(socket, chunk, 100)
    }
    process.send('begun')
  },
  /** The smallest possible messages, each of which has to be refused. */
  async 'tiny messages'(count) {
    const socket = await open()
    socket.resume()
    process.send('begun')
    await pour(socket, Buffer.from('1\n'.repeat(CHUNK / 2)), count / (CHUNK / 2))
  },
  /** Connections that are opened and abandoned. */
  async connections(count) {
    process.send('begun')
    for (let n = 0; n < count; n += 1) {
      const socket = await open()
      socket.write(request(n, 'echo', [n]))
      socket.destroy()
    }
  },
  /** Damaged frames of every kind. */
  async 'damaged frames'(frames) {
    process.send('begun')
    let sent = 0
    for (const stream of hostileStreams(frames)) {
      const socket = await open()
      socket.resume()
      await pour(socket, stream.bytes, 1)
      sent += stream.frames
      // The server must have read all of it; it ends its side, or closes at a header that it does not accept.
      socket.end()
      await socket.over
      socket.destroy()
    }
    process.send({ sent })
  },
}

await attacks[kind](Number(size))
process.send('done')
process.on('disconnect', () => process.exit())
setInterval(() => undefined, 60_000)
