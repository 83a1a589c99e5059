import { execFile } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { IPCClient } from '@cli-ops/shared-ipc'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startServer } from './open-peer.mjs'

export const title = 'The first request of a client'

const runFile = promisify(execFile)

/** Measures from within a new process, where nothing has been loaded or compiled: how long a command really waits. */
const COLD = `
  import { IPCClient } from '@cli-ops/shared-ipc'
  const started = performance.now()
  const client = new IPCClient('bench', { home: process.argv[1] })
  await client.call('echo', 1)
  console.log(performance.now() - started)`

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const folder = temporaryFolder()
  process.env['XDG_RUNTIME_DIR'] = folder
  const home = join(folder, 'home')
  await startServer('kit', home)

  const warm = []
  for (let count = 0; count < reporter.times(300); count += 1) {
    const started = performance.now()
    const client = new IPCClient('bench', { home })
    await client.call('echo', 1)
    warm.push(performance.now() - started)
    await client.close()
  }
  reporter.figure({
    what: 'first request of a fresh client: discover, connect, ping, answer',
    unit: 'ms',
    ours: warm,
    goals: [{ of: 'median', atMost: 3 }],
  })

  const cold = []
  for (let count = 0; count < reporter.times(60); count += 1) {
    reporter.progress(`fresh process ${count}`)
    const { stdout } = await runFile(process.execPath, ['--input-type=module', '-e', COLD, home], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    })
    cold.push(Number(stdout))
  }
  reporter.figure({
    what: 'the same in a fresh process',
    unit: 'ms',
    ours: cold,
    note: 'loading node:net and compiling included',
  })
}
