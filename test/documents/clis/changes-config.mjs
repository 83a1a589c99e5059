// Changes a shared file under a lock, when told to continue.
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { LockManager } from '@cli-ops/shared-ipc'

const path = process.argv[2]
const readConfig = async () => JSON.parse(await readFile(path, 'utf8'))
const writeConfig = (config) => writeFile(path, JSON.stringify(config))

const lockManager = new LockManager('config-file')

await lockManager.acquire(async () => {
  // Only one CLI can modify config at a time
  const config = await readConfig()
  process.send('inside')
  await once(process, 'message')
  config.theme = 'dark'
  config.changes += 1
  await writeConfig(config)
})
process.disconnect()
