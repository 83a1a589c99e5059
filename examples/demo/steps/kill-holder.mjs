import { writeTaskFile } from './task-file.mjs'

export const title = 'The holder of the lock is killed with -9'

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  const file = writeTaskFile(demo, 'late', ['Never merged', 'Never merged either'])
  const before = await demo.tasks()
  const sync = demo.start('cli-alpha', 'sync', ['sync', '--from', file, '--pace', '60000'])
  await sync.line(/^syncing/)

  const waiters = [1, 2, 3].map((number) =>
    demo.start('cli-alpha', `add ${number}`, ['add', `Survivor ${number}`]),
  )
  await Promise.all(waiters.map((waiter) => waiter.line(/: waiting for /)))
  demo.screen.narrate('Three wait. sync gets no chance to give the lock back:')

  const killedAt = performance.now()
  sync.kill('SIGKILL')
  demo.screen.happened('sync', `kill -9 ${sync.pid}`)
  const created = await Promise.all(waiters.map((waiter) => waiter.line(/^created/)))
  const ends = await Promise.all(waiters.map((waiter) => waiter.end()))
  const tookMs = Math.min(...created.map(({ at }) => at)) - killedAt
  demo.check(
    'the next in the queue took over from the dead process',
    ends.every(({ code }) => code === 0),
    `its task was stored and printed ${tookMs.toFixed(0)} ms after the kill`,
  )
  const titles = (await demo.tasks()).map((task) => task.title)
  demo.check(
    'all three added their task',
    [1, 2, 3].every((number) => titles.includes(`Survivor ${number}`)),
  )
  demo.check(
    'the store is whole, and nothing of the interrupted sync is in it',
    titles.length === before.length + 3 && !titles.some((task) => task.startsWith('Never merged')),
  )
}
