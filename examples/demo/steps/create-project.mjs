/**
 * Creates a project with cli-gamma and returns its id.
 *
 * @param {import('../demo.mjs').Demo} demo
 * @param {string} name
 */
export async function createProject(demo, name) {
  const create = demo.start('cli-gamma', 'create', ['create', name])
  await create.end()
  const [, id] = /^created (\S+)/m.exec(create.result) ?? []
  if (id === undefined) throw new Error(`no project was created: ${create.output}`)
  return id
}
