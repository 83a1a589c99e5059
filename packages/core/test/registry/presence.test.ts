import { ServiceRegistry } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { ownTime } from '../../src/drivers/local/rpc/own-time.js'
import { startScript } from '../fixtures/start-script.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

function blockFor(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

/** A server in a separate process. */
async function startServer() {
  const home = temporaryHome()
  const script = startScript('busy-server.mjs', [], { CLI_OPS_HOME: home })
  await script.line()
  const registry = new ServiceRegistry({ home })
  onTestFinished(() => registry.close())
  await registry.discover()
  return { script, registry }
}

test.each([0, 1, 2, 3])(
  'a healthy server is live, whatever keeps the asking process busy (after %i turns)',
  async (turns) => {
    const { registry } = await startServer()
    const look = registry.discover()
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate)
    blockFor(900)
    expect(await look).toMatchObject([{ name: 'srv', state: 'live' }])
  },
)

test('a process that the kernel reports as stopped is stopped, and a busy one does not answer', async () => {
  const { script, registry } = await startServer()
  script.child.kill('SIGSTOP')
  await expect
    .poll(async () => (await registry.discover())[0], { timeout: 20_000 })
    .toMatchObject({ state: 'hung', reason: 'stopped' })
  script.child.kill('SIGCONT')
  await expect
    .poll(async () => (await registry.discover())[0]?.state, { timeout: 20_000 })
    .toBe('live')
  expect((await registry.discover())[0]).not.toHaveProperty('reason')
  script.child.kill('SIGUSR2')
  await script.line((line) => line === 'busy')
  expect((await registry.discover())[0]).toMatchObject({ state: 'hung', reason: 'unanswered' })
})

test('time counts only while the process runs, and can be stopped', async () => {
  const began = performance.now()
  const blocked: number[] = []
  await new Promise<void>((resolve) => {
    const block = setInterval(() => {
      blocked.push(1)
      blockFor(100)
    }, 1)
    ownTime(200, () => {
      clearInterval(block)
      resolve()
    })
  })
  // Four moments of a busy process, not two.
  expect(performance.now() - began).toBeGreaterThan(300)
  expect(blocked.length).toBeGreaterThanOrEqual(3)
  ownTime(1, () => expect.unreachable())()
  let stopped = false
  await new Promise<void>((resolve) => {
    const stop = ownTime(1, () => {
      resolve()
      return () => (stopped = true)
    })
    onTestFinished(stop)
    void Promise.resolve().then(() => expect(stopped).toBe(false))
  })
})
