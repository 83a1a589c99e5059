import { writeTaskFile } from './task-file.mjs'

export const title = 'One holds the lock, another waits and says for whom'

const TITLES = ['Hang the posters', 'Set up chairs', 'Check the projector', 'Brew coffee']

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  const file = writeTaskFile(demo, 'team', TITLES)
  const sync = demo.start('cli-alpha', 'sync', ['sync', '--from', file, '--pace', '400'])
  await sync.line(/^syncing/)
  demo.screen.narrate('sync now holds "task-database" for a good second.')

  const add = demo.start('cli-alpha', 'add', ['add', 'Thank everybody'])
  const waiting = await add.line(/: waiting for /)
  demo.check(
    'the one that waits names the lock and its holder',
    waiting.text.includes('"task-database"') &&
      waiting.text.includes('cli-alpha sync') &&
      waiting.text.includes(`pid ${sync.pid}`),
  )
  const [held] = await demo.ops.locks.list()
  demo.check(
    'anybody can look up who holds it and who waits',
    held?.owner.pid === sync.pid && held.waiters[0]?.pid === add.pid,
  )

  const ends = await Promise.all([sync.end(), add.end()])
  demo.check(
    'the one that waited went on when the lock was free',
    ends.every(({ code }) => code === 0),
  )
  const titles = (await demo.tasks()).map((task) => task.title)
  demo.check(
    'both kept their work',
    [...TITLES, 'Thank everybody'].every((task) => titles.includes(task)),
  )
}
