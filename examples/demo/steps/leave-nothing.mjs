import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const title = 'Ctrl-C, and nothing is left behind'

/** Where everything ends with its process. Events, cursors and fencing tokens are meant to outlive it. */
const SHORT_LIVED = ['locks', 'queues', 'claims', 'registry']

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  const watch = await demo.watch()
  demo.screen.happened('watch', 'Ctrl-C')
  watch.kill('SIGINT')
  const { code, signal } = await watch.end()
  demo.check(
    'watch ended by the interrupt, which a shell shows as 130',
    signal === 'SIGINT' || code === 130,
    signal ?? `exit code ${code}`,
  )

  const instances = await demo.ops.registry.discover({ includeSelf: false })
  demo.check('the registry is empty', instances.length === 0, namesOf(instances))
  const locks = await demo.ops.locks.list()
  demo.check(
    'no lock is held or waited for',
    locks.length === 0,
    namesOf(locks.map((lock) => ({ name: lock.resource }))),
  )
  const left = [
    ...SHORT_LIVED.flatMap((part) => entriesOf(join(demo.home.ops, part))),
    ...entriesOf(demo.home.sockets),
    ...entriesOf(demo.home.data).filter((path) => path !== 'tasks.json'),
  ]
  demo.check(
    'no record, ticket, socket or temporary file is left',
    left.length === 0,
    left.join(', '),
  )
}

/** @param {readonly { name: string }[]} things */
function namesOf(things) {
  return things.map(({ name }) => name).join(', ')
}

/** @param {string} directory */
function entriesOf(directory) {
  return existsSync(directory) ? readdirSync(directory) : []
}
