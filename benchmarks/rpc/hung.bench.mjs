import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { IPCClient, ServiceRegistry } from '@cli-ops/shared-ipc'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startServer } from './open-peer.mjs'

export const title = 'A server that hangs'

const BLOCKED_MS = 600

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const folder = temporaryFolder()
  process.env['XDG_RUNTIME_DIR'] = folder
  const home = join(folder, 'home')
  const server = await startServer('kit', home)
  const registry = new ServiceRegistry({ home })
  const client = new IPCClient('bench', { home })

  const stopped = []
  for (let count = 0; count < reporter.times(50); count += 1) {
    server.kill('SIGSTOP')
    stopped.push(await untilReported(registry))
    server.kill('SIGCONT')
    await client.call('echo', count)
  }
  const goals = [{ of: /** @type {const} */ ('max'), atMost: 350 }]
  reporter.figure({
    what: 'a stopped server is reported hung (SIGSTOP → discover())',
    unit: 'ms',
    ours: stopped,
    goals,
  })

  const blocked = []
  for (let count = 0; count < reporter.times(20); count += 1) {
    reporter.progress(`blocked event loop ${count}`)
    const begins = once(server, 'message')
    const answer = client.call('block', BLOCKED_MS)
    await begins
    blocked.push(await untilReported(registry))
    await answer
  }
  reporter.figure({
    what: 'one whose event loop is blocked is reported hung',
    unit: 'ms',
    ours: blocked,
    goals,
    note: 'no answer to a ping for 300 ms',
  })
  await Promise.all([client.close(), registry.close()])
}

/** @param {ServiceRegistry} registry */
async function untilReported(registry) {
  const started = performance.now()
  for (;;) {
    const [service] = await registry.discover({ name: 'bench' })
    const took = performance.now() - started
    if (service?.state === 'hung') return took
    if (took > 2000) throw new Error('a server that hangs was not reported')
  }
}
