import { readFileSync } from 'node:fs'
import { createProject } from './create-project.mjs'
import { writeTaskFile } from './task-file.mjs'

export const title = 'cli-gamma archives a project across all three, under three locks'

const TITLES = ['Rent the hall', 'Sell tickets', 'Find a band']

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  const id = await createProject(demo, 'concert')
  await demo.start('cli-beta', 'item', ['add', 'Two amplifiers', '--project', 'concert']).end()
  const file = writeTaskFile(demo, 'concert', TITLES)
  const sync = demo.start('cli-alpha', 'sync', ['sync', '--from', file, '--pace', '700'])
  await sync.line(/^syncing/)
  demo.screen.narrate('cli-alpha (commander) holds "task-database" for a good two seconds.')

  const archive = demo.start('cli-gamma', 'archive', ['archive', id])
  const waiting = await archive.line(/: waiting for /)
  demo.check(
    'cli-gamma (oclif) waits for cli-alpha, and says so',
    waiting.text.startsWith('cli-gamma: waiting for "task-database"') &&
      waiting.text.includes(`cli-alpha sync (pid ${sync.pid}`),
  )
  const ends = await Promise.all([sync.end(), archive.end()])
  demo.check(
    'both came to their end',
    ends.every(({ code }) => code === 0),
  )
  const [, path = ''] = /recorded in (.+)$/m.exec(archive.result) ?? []
  const { tasks, items } = JSON.parse(readFileSync(path, 'utf8'))
  demo.check(
    'the archive has the open tasks of cli-alpha, which it waited for, and the item of cli-beta',
    TITLES.every((title) => tasks.some((/** @type {any} */ task) => task.title === title)) &&
      items.length === 1,
    `${tasks.length} tasks, ${items.length} item`,
  )
}
