import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ServiceInfo, ServiceRegistry } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { temporaryRuntime } from '../../packages/core/test/fixtures/temporary-runtime.js'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'

temporaryRuntime()
const SERVERS = fileURLToPath(new URL('scripts/many-servers.mjs', import.meta.url))
const SERVERS_EACH = 10

/** Processes that end before their directories are removed: a server would recreate them. */
class Children implements AsyncDisposable {
  readonly #children: ChildProcess[] = []

  start(args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.push(child)
    return child
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#children.map((child) => once(child, 'exit'))
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all(ended)
  }
}

test('on a busy machine no healthy server is reported as hung', async () => {
  const home = temporaryHome()
  const [count, busy, forMs] = scale([30, 8, 3_000], [200, 30, 90_000])
  const firsts = Array.from({ length: count / SERVERS_EACH }, (_, n) => String(n * SERVERS_EACH))
  await using children = new Children()
  for (const first of firsts) {
    const child = children.start([SERVERS, home, first, String(SERVERS_EACH)])
    await once(child.stdout!, 'data')
  }
  for (let n = 0; n < busy; n += 1) children.start(['-e', 'for (;;);'])

  const registry = new ServiceRegistry({ home })
  onTestFinished(() => registry.close())
  const hung: ServiceInfo[] = []
  let looks = 0
  let worstLoad = 0
  for (const until = performance.now() + forMs; performance.now() < until || looks < 3;) {
    const services = await registry.discover()
    expect(services).toHaveLength(count)
    hung.push(...services.filter(({ state }) => state === 'hung'))
    looks += 1
    worstLoad = Math.max(worstLoad, loadavg()[0] ?? 0)
    await delay(50)
  }
  expect(hung).toEqual([])
  recordFigure({
    what: `${count} healthy servers, looked at ${looks} times beside ${busy} processes that compute (load of ${worstLoad.toFixed(0)})`,
    goal: '0 called hung',
    found: String(hung.length),
    met: hung.length === 0 && count >= 200,
  })
})
