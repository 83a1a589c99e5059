// Registers under a name and a version, until it is told to end.
import { once } from 'node:events'
import { ServiceRegistry } from '@cli-ops/shared-ipc'

const [name, version] = process.argv.slice(2)
const registry = new ServiceRegistry()

await registry.register(name, {
  pid: process.pid,
  version,
  startedAt: Date.now(),
})
process.send(await registry.discover())
await once(process, 'message')
process.disconnect()
