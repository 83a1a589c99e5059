// Uses the kit while every descriptor of the process is taken, and again when some are free: run-out-of-descriptors.mjs
// <home>
import { closeSync, openSync } from 'node:fs'
import { createCoordinator } from '@cli-ops/shared-ipc'

const [home] = process.argv.slice(2)
const ops = createCoordinator({ name: 'greedy', home })
const server = ops.serve()
server.on('request', (data) => data)
await server.ready
const heard = []
ops.events.on('file:*', (data) => heard.push(data.n))
const client = ops.connect('greedy')
const outcomes = []

async function tryAll(n) {
  const attempts = {
    lock: async () => (await ops.locks.acquire('db', () => 'ran')) ?? 'ran',
    lockAnother: () => ops.locks.acquire(`db-${n}`, () => 'ran'),
    emit: async () => (await ops.events.emit('file:event', { n })).type,
    register: async () => (await ops.registry.register(`greedy-${n}`)).name,
    discover: async () => (await ops.registry.discover({ includeSelf: true })).length > 0,
    ask: () => client.request(n, { timeoutMs: 2000 }),
  }
  const outcome = {}
  for (const [what, act] of Object.entries(attempts)) {
    try {
      outcome[what] = await act()
    } catch ({ code, message }) {
      outcome[what] = { code, message }
    }
  }
  outcomes.push(outcome)
}

await tryAll(0)
const descriptors = []
try {
  for (;;) descriptors.push(openSync('/dev/null'))
} catch ({ code }) {
  outcomes.push(code)
}
await tryAll(1)
for (const descriptor of descriptors) closeSync(descriptor)
await tryAll(2)
await new Promise((resolve) => setTimeout(resolve, 300))
console.log(JSON.stringify({ outcomes, heard }))
await ops.close()
