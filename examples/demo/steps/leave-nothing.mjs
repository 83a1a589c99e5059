import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const title = 'Ctrl-C, and nothing is left behind'

/** Directories where everything ends with its process. Events, cursors and the states of free locks are meant to outlive it. */
const SHORT_LIVED = ['queues', 'claims', 'registry']

/**
 * The files that the CLIs keep, by directory in the demo's home; there must be no others.
 *
 * @type {readonly (readonly [place: 'data' | 'items' | 'projects', ...files: string[]])[]}
 */
const STORES = [
  ['data', 'tasks.json'],
  ['items', 'items.json'],
  ['projects', 'projects.json', 'archive'],
]

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  const staying = [await demo.watch(), await demo.follow(), await demo.projects()]
  for (const process of staying) {
    demo.screen.happened(process.label, 'Ctrl-C')
    process.kill('SIGINT')
  }
  const ends = await Promise.all(staying.map((process) => process.end()))
  demo.check(
    'on all three frameworks the interrupt ended the process, which a shell shows as 130',
    ends.every(({ code, signal }) => signal === 'SIGINT' || code === 130),
    ends.map(({ code, signal }) => signal ?? `exit code ${code}`).join(', '),
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
    ...STORES.flatMap(([place, ...files]) =>
      entriesOf(demo.home[place]).filter((name) => !files.includes(name)),
    ),
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
