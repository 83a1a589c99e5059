// Takes the lock, says so, and writes on request: `owner.mjs <place> <value>`. It never checks whether it still has the
// lock, like a program that was suspended between the check and the write.
import process from 'node:process'
import { createInterface } from 'node:readline'

import { LockManager } from '@cli-ops/shared-ipc'

import { openStore } from './open-store.mjs'

const [place = '', value] = process.argv.slice(2)
const store = await openStore(place)
const locks = new LockManager()
const lock = await locks.lock('report')
console.log(`has the lock with token ${lock.token}`)

createInterface({ input: process.stdin }).on('line', async () => {
  try {
    await store.write(lock.token, value)
    console.log('written')
  } catch (error) {
    console.log(`refused: ${error instanceof Error ? error.message : String(error)}`)
  }
})
process.stdin.once('end', () => void Promise.all([locks.close(), store.close()]))
