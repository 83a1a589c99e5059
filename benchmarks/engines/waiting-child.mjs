// Waits for one lock that many times in parallel, and releases each grant immediately: `waiting-child.mjs <url> <home>
// <count>`. Reports when it begins to wait and when it has had all its turns.
import process from 'node:process'
import { LockManager } from '@cli-ops/shared-ipc'

const [url, home, count] = process.argv.slice(2)
const locks = new LockManager({ url, home })
const turns = Array.from({ length: Number(count) }, async () => {
  const lock = await locks.lock('db')
  await lock.release()
})
process.send?.('waiting')
await Promise.all(turns)
process.send?.('done')
await locks.close()
