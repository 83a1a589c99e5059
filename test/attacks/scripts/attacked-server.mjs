// A server that reports its memory use: forked with the home as its argument and --expose-gc.
import { IPCServer } from '@cli-ops/shared-ipc'

const server = new IPCServer('cli-alpha', { home: process.argv[2] })
const before = Object.getOwnPropertyNames(Object.prototype).join()
server.handle('echo', (data) => data)
server.handle('fail', () => {
  throw Object.assign(new Error('failed'), { code: 'E_TEST' })
})
server.handle('count', async (to, { progress }) => {
  for (let value = 1; value <= Math.min(Number(to) || 0, 10); value += 1) await progress(value)
  return to
})
server.handle('fill', () => 'x'.repeat(1000))
server.on('request', (data) => data)
await server.ready

process.on('message', async () => {
  // The second collection removes the remaining garbage.
  globalThis.gc()
  await new Promise(setImmediate)
  globalThis.gc()
  const { heapUsed, external, rss } = process.memoryUsage()
  const isPolluted = Object.getOwnPropertyNames(Object.prototype).join() !== before
  process.send({ heldBytes: heapUsed + external, residentBytes: rss, isPolluted })
})
process.send({ endpoint: server.endpoint })
