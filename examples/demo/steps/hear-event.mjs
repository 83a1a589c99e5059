export const title = 'What one does, another hears'

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  const watch = await demo.watch()
  const add = demo.start('cli-alpha', 'add', ['add', 'Feed the cat', '--tag', 'home'])
  const heard = await watch.line(/task:created.*Feed the cat/)
  await add.end()
  const [, id = ''] = /^created (\S+)/m.exec(add.output) ?? []
  demo.check('task:created arrived in watch, with the id', id !== '' && heard.text.includes(id))

  const done = demo.start('cli-alpha', 'done', ['done', id])
  await watch.line(new RegExp(`task:updated.*${id}.*doneAt`))
  await done.end()
  demo.check('task:updated arrived in watch, with what changed', true)

  const remove = demo.start('cli-alpha', 'delete', ['delete', id])
  await watch.line(new RegExp(`task:deleted.*${id}`))
  await remove.end()
  demo.check('task:deleted arrived in watch', true)
}
