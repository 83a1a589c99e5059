// Prints how the holder of the lock "db" is judged from here, and whether the lock is available.
import { LockManager } from '@cli-ops/shared-ipc'

const locks = new LockManager('db', { home: process.argv[2] })
const info = await locks.inspect()
const lock = await locks.tryLock()
console.log(JSON.stringify({ state: info?.owner.state ?? 'none', taken: lock !== null }))
await lock?.release()
