// Takes and releases slots until it is killed or has had its share, and ends with 1 if it meets a process that must not
// be there: slot-worker.mjs <home> <directory of marks> <slots> <turns>
//
// Every slot's holder leaves a mark in the slot's directory, named after its pid, created after the slot was granted
// and removed before it is released. A mark of a dead process comes from a kill. A mark of a live one is a proof. Each
// grant is one line on stdout.
import { readdirSync, readFileSync, unlinkSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LockManager } from '@cli-ops/shared-ipc'

const [home, marks, slots, turns] = process.argv.slice(2)
const locks = new LockManager({ home })

function lives(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^[ZX]/u.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

function fail(message) {
  writeSync(1, `wrong ${message}\n`)
  process.exit(1)
}

function enter(lock) {
  const directory = join(marks, lock.slot)
  const own = join(directory, String(process.pid))
  writeFileSync(own, '')
  for (const name of readdirSync(directory)) {
    if (name === 'token' || Number(name) === process.pid) continue
    // Gone at the second look: it was on its way out.
    if (lives(name) && readdirSync(directory).includes(name) && lives(name))
      fail(`${process.pid} has slot ${lock.slot} together with ${name}`)
  }
  const last = join(directory, 'token')
  const before = BigInt(readText(last) || 0)
  if (lock.token <= before) fail(`token ${lock.token} of slot ${lock.slot} came after ${before}`)
  writeFileSync(last, String(lock.token))
  writeSync(1, `in ${lock.slot}\n`)
  return own
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

process.send('ready')
for (let turn = 0; turn < Number(turns); turn += 1) {
  try {
    const lock = await locks.lock('devices', { slots: Number(slots) })
    const own = enter(lock)
    if (turn % 4 === 0) await delay(1)
    lock.assertHeld()
    unlinkSync(own)
    await lock.release()
  } catch (error) {
    fail(`${error.code ?? error.name}: ${error.stack}`)
  }
}
process.disconnect()
