// Inspects a home in every way that notices killed processes, repeatedly until it is killed itself: noticer.mjs <home>
import { createCoordinator } from '@cli-ops/shared-ipc'

const [home] = process.argv.slice(2)
const { events, registry } = createCoordinator({ name: 'noticer', home })
events.on('command:failed', () => undefined)
console.log('looking')
for (;;) {
  await registry.cleanDeadProcesses()
  await registry.discover()
  await events.read('command:failed')
  await new Promise((resolve) => setImmediate(resolve))
}
