// Another process that holds the lock: hold-lock.mjs <home> <resource>. It writes "held", and releases and ends when
// its stdin ends.
import process from 'node:process'
import { LockManager } from '@cli-ops/shared-ipc'

const [home, resource] = process.argv.slice(2)
const locks = new LockManager(resource, { home })
const lock = await locks.lock()
process.stdout.write('held\n')
process.stdin.resume().once('end', () => void lock.release().then(() => locks.close()))
