// Uses events, the registry and requests in one process, and prints the results: primitives.mjs <home>
import { createCoordinator } from '@cli-ops/shared-ipc'

const ops = createCoordinator({ name: 'primitives', home: process.argv[2] })

const live = await new Promise((resolve) => {
  const seen = []
  ops.events.on('count:up', ({ n }) => resolve([...seen, n]))
  void ops.events.emit('count:up', { n: 1 })
})
await ops.events.emit('count:up', { n: 2 })
const group = await new Promise((resolve) => {
  const seen = []
  const see = ({ n }) => {
    seen.push(n)
    if (n === 2) resolve(seen)
  }
  ops.events.on('count:up', see, { group: 'g', from: 'earliest' })
})

const server = ops.serve()
server.handle('get', (got) => ({ got }))
server.handle('fail', () => {
  throw new Error('no')
})
server.handle('count', async (to, { progress }) => {
  for (let value = 1; value <= to; value += 1) await progress(value)
})
await server.ready
const found = await ops.registry.discover({ includeSelf: true })
const client = ops.connect('primitives')
const answer = await client.call('get', 'ü')
const parts = []
for await (const part of client.stream('count', 3)) parts.push(part)
const refused = await client.call('fail').catch(({ code }) => code)
await ops.close()
console.log(
  JSON.stringify({ live, group, names: found.map(({ name }) => name), answer, parts, refused }),
)
