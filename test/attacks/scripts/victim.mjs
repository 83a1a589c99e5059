// What a user does with the kit, and the result, as one line of JSON: victim.mjs <home> [stay]
import { createCoordinator } from '@cli-ops/shared-ipc'

// The most permissive setting: nothing may depend on it.
process.umask(0)
const [home, stay] = process.argv.slice(2)
const ops = createCoordinator({ name: 'victim', home })
const outcomes = {}

async function attempt(what, act) {
  try {
    outcomes[what] = { result: await act() }
  } catch ({ code, message }) {
    outcomes[what] = { code, message }
  }
}

await attempt('lock', async () => (await ops.locks.lock('db')).resource)
await attempt('emit', async () => (await ops.events.emit('task:created', { id: '1' })).type)
await attempt('register', async () => (await ops.registry.register('victim', { secret: 'x' })).name)
const server = ops.serve()
server.on('request', () => 'secret')
await attempt('serve', async () => {
  await server.ready
  return server.endpoint
})
await attempt('ask', () => ops.connect('victim').request('anything'))
console.log(JSON.stringify(outcomes))
if (stay === undefined) await ops.close()
else setInterval(() => undefined, 60_000)
