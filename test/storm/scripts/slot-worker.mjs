// Takes and releases slots until it is killed or has had its share, and ends with 1 if it meets a process that must not
// be there: slot-worker.mjs <home> <directory of marks> <slots> <turns>
//
// Every slot's holder leaves a mark in the slot's directory, named after its pid and start, created after the slot was
// granted and removed before it is released. A mark of a dead process comes from a kill. A mark of a live one is a proof.
// In a long storm, pids come again, also as those of threads. Each grant is one line on stdout.
import { readdirSync, readFileSync, unlinkSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LockManager } from '@cli-ops/shared-ipc'

const [home, marks, slots, turns] = process.argv.slice(2)
const locks = new LockManager({ home })

/** Returns when the process with this pid, or thread, began, in ticks; undefined if it is dead. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, ...facts] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? undefined : facts[18]
  } catch {
    return undefined
  }
}

function lives(mark) {
  const [pid, start] = mark.split('-')
  return startOf(pid) === start
}

const ownMark = `${process.pid}-${startOf(process.pid)}`

function fail(message) {
  writeSync(1, `wrong ${message}\n`)
  process.exit(1)
}

function enter(lock) {
  const directory = join(marks, lock.slot)
  const own = join(directory, ownMark)
  writeFileSync(own, '')
  for (const name of readdirSync(directory)) {
    if (name === 'token' || name === ownMark) continue
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
