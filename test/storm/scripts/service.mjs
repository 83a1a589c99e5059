// Registers, serves and says so, repeatedly under new names until it is killed: service.mjs <home>
import { IPCServer, ServiceRegistry } from '@cli-ops/shared-ipc'

const [home] = process.argv.slice(2)
const registry = new ServiceRegistry({ home })
const registration = await registry.register('service', { version: '1.0.0' })
console.log(registration.instance)
for (;;) {
  const server = new IPCServer('service', { home, closeGraceMs: 0 })
  server.on('request', () => process.pid)
  await server.ready
  await registry.register('another')
  await registry.unregister('another')
  await server.close()
}
