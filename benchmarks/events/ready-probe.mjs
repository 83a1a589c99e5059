// Subscribes once and reports how long that took: node ready-probe.mjs <kit|chokidar> <home or directory>.
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventBus } from '@cli-ops/shared-ipc'
import { watch } from 'chokidar'

const [kind, place = ''] = process.argv.slice(2)
const started = performance.now()
if (kind === 'kit') {
  const bus = new EventBus({ home: place })
  await bus.on('*', () => undefined).ready
} else {
  const watcher = watch(place, { ignoreInitial: true })
  await new Promise((resolve) => watcher.on('ready', () => resolve(undefined)))
}
const readyMs = performance.now() - started
// The kit begins to watch when it has found nothing to read.
await sleep(20)
console.log(JSON.stringify({ readyMs, watches: countWatches() }))
process.exit()

/** Counts the inotify watches of this process; 0 if the system does not report them. */
function countWatches() {
  try {
    const descriptors = readdirSync('/proc/self/fdinfo')
    return descriptors.map(watchesOf).reduce((sum, count) => sum + count, 0)
  } catch {
    return 0
  }
}

/** @param {string} descriptor */
function watchesOf(descriptor) {
  try {
    return readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1').split('inotify wd:').length - 1
  } catch {
    // Closed since the list was read.
    return 0
  }
}
