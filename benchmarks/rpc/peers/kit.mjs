// The kit with all its features: registry, ping, limits, deadlines, back-pressure.
import process from 'node:process'
import { IPCClient, IPCServer } from '@cli-ops/shared-ipc'

/** @param {string} place a home directory */
export async function serve(place) {
  const server = new IPCServer('bench', { home: place })
  server.handle('echo', (data) => data)
  server.handle('block', (ms) => {
    process.send?.('blocked')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms))
  })
  await server.ready
}

/** @param {string} place */
export async function connect(place) {
  const client = new IPCClient('bench', { home: place })
  return {
    ask: (/** @type {unknown} */ data) => client.call('echo', data),
    close: () => void client.close(),
  }
}
