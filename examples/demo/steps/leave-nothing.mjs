import { readdirSync } from 'node:fs'
import { join } from 'node:path'

export const title = 'Ctrl-C, and nothing is left behind'

/** What is meant to outlive a process: the events, how far their readers are, the last fencing tokens. */
const KEPT = /^(?:events|groups|tokens|config\.json|last-clean-?up.*|cleanup.*)(?:\/|$)/

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
    ...filesIn(demo.home.ops).filter((path) => !KEPT.test(path)),
    ...filesIn(demo.home.sockets),
    ...filesIn(demo.home.data).filter((path) => path !== 'tasks.json'),
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
function filesIn(directory) {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return []
    throw error
  }
}
