// Takes a lock, emits, registers and counts the results under whatever clock: use-everything.mjs <home> <count>
import { createCoordinator, EventBus } from '@cli-ops/shared-ipc'

const [home, count] = process.argv.slice(2)
const ops = createCoordinator({ name: 'skewed', home })
// The clock decides how long events are kept, so it must not be wrong by more than this.
const events = new EventBus({ home, retentionMs: 86_400_000, rateLimit: false })
await ops.registry.register('skewed')
const tokens = []
for (let n = 0; n < Number(count); n += 1) {
  await ops.locks.acquire('db', async (lock) => {
    tokens.push(String(lock.token))
    await events.emit('clock:event', { pid: process.pid, n })
  })
}
// A wait ends when it should, whatever the clock says.
const began = process.hrtime.bigint()
const waited = await ops.locks
  .acquire('taken', () => 'had it', { timeoutMs: 300 })
  .catch(({ code }) => code)
const waitedMs = Number(process.hrtime.bigint() - began) / 1e6
console.log(JSON.stringify({ tokens, waited, waitedMs, now: Date.now() }))
await Promise.all([ops.close(), events.close()])
