import { renameSync, writeFileSync } from 'node:fs'

export const title = 'A person edits the settings file by hand'

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  const watch = await demo.watch()
  const file = demo.home.settings

  demo.screen.happened('editor', 'saves { "list": { "sort": "due" } }')
  // As most editors save: a new file that replaces the old one.
  writeFileSync(`${file}~`, JSON.stringify({ list: { sort: 'due' } }, null, 2))
  renameSync(`${file}~`, file)
  await watch.line(/config:changed.*list\.sort.*due/)
  demo.check('config:changed arrives when an editor replaces the file', true)

  demo.screen.happened('editor', 'saves { "list": { "sort": "created" } } in place')
  writeFileSync(file, JSON.stringify({ list: { sort: 'created' } }, null, 2))
  await watch.line(/config:changed.*list\.sort.*created/)
  demo.check('config:changed arrives when the file is written in place', true)

  const set = demo.start('cli-alpha', 'config', ['config', 'set', 'sync.board', 'board.md'])
  await set.end()
  await watch.line(/config:changed.*sync\.board/)
  demo.check('config:changed arrives when a command changes the file', true)
}
