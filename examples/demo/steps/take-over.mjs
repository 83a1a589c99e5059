import { createProject } from './create-project.mjs'
import { writeTaskFile } from './task-file.mjs'

export const title = 'A holder on commander is killed with -9, and oclif takes over'

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  const id = await createProject(demo, 'picnic')
  const file = writeTaskFile(demo, 'picnic', ['Never stored', 'Never stored either'])
  const sync = demo.start('cli-alpha', 'sync', ['sync', '--from', file, '--pace', '60000'])
  await sync.line(/^syncing/)
  const archive = demo.start('cli-gamma', 'archive', ['archive', id])
  await archive.line(/: waiting for "task-database"/)

  const killedAt = performance.now()
  sync.kill('SIGKILL')
  demo.screen.happened('sync', `kill -9 ${sync.pid}`)
  const archived = await archive.line(/^archived/)
  const { code } = await archive.end()
  demo.check(
    'cli-gamma took the lock of the dead cli-alpha, then the other two, and did its work',
    code === 0,
    `${(archived.at - killedAt).toFixed(0)} ms after the kill`,
  )
}
