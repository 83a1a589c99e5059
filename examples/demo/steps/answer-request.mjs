import { IPCClient } from '@cli-ops/shared-ipc'

export const title = 'Another program asks the running watch for its tasks'

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  const watch = await demo.watch()
  const running = await demo.ops.registry.discover({ name: 'cli-alpha' })
  const seen = running.map(({ pid, state }) => `pid ${pid} ${state}`).join(', ')
  demo.check(
    'the registry knows the one instance that runs',
    running.length === 1 && running[0]?.pid === watch.pid,
    seen,
  )

  const tasks = await demo.tasks()
  const client = new IPCClient('cli-alpha')
  const started = performance.now()
  const response = /** @type {any} */ (await client.request({ action: 'get-tasks' }))
  const tookMs = performance.now() - started
  demo.screen.happened('demo', `asked cli-alpha for get-tasks, got ${response.tasks?.length} tasks`)
  demo.check(
    'request({ action: "get-tasks" }) is answered with all tasks',
    JSON.stringify(response.tasks) === JSON.stringify(tasks),
    `${tookMs.toFixed(1)} ms with finding and connecting`,
  )
  const called = /** @type {any} */ (await client.call('get-tasks'))
  demo.check('call("get-tasks") gives the same', called.tasks?.length === tasks.length)
  await client.close()
}
