// A file for each event in the directory `place`, watched with chokidar: how CLIs often build an event bus.
import { renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { watch } from 'chokidar'

/** @type {import('../transport.mjs').OpenSender} */
export async function openSender(place) {
  let count = 0
  return {
    send(at) {
      count += 1
      const path = join(place, `bench-${count}.json`)
      writeFileSync(`${path}.new`, JSON.stringify({ at }))
      renameSync(`${path}.new`, path)
    },
    close: async () => undefined,
  }
}

/** @type {import('../transport.mjs').OpenReader} */
export async function openReader(place, onEvent) {
  const ignored = (/** @type {string} */ path) => path.endsWith('.new')
  const watcher = watch(place, { ignored })
  watcher.on('add', async (path) => {
    onEvent(JSON.parse(await readFile(path, 'utf8')).at)
    unlinkSync(path)
  })
  await new Promise((resolve) => watcher.on('ready', () => resolve(undefined)))
}
