// A process that only waits: node idle-child.mjs <what> <home> [lock]. It sends a message once it is waiting.
import process from 'node:process'
import { createCoordinator, IPCServer } from '@cli-ops/shared-ipc'

const [what = '', home = '', lock = 'idle'] = process.argv.slice(2)
const ops = createCoordinator({ name: what, home })

/** @type {Record<string, () => Promise<unknown>>} */
const WAITS = {
  subscriber: () => ops.events.on('task:*', () => undefined).ready,
  // A standby is not ready until the active one has gone.
  async consumer() {
    ops.events.on('task:*', () => undefined, { group: 'board' })
  },
  server: () => new IPCServer('idle', { home }).ready,
  async watch() {
    const changes = ops.registry.watch()[Symbol.asyncIterator]()
    void (async () => {
      while (!(await changes.next()).done);
    })()
  },
  holder: () => ops.locks.lock(lock),
  async waiter() {
    await new Promise((resolve) => {
      void ops.locks.lock(lock, { onWait: resolve })
    })
  },
}

await WAITS[what]?.()
process.send?.('waits')
// A subscription or a wait alone keeps no process alive.
setInterval(() => undefined, 2 ** 31 - 1)
