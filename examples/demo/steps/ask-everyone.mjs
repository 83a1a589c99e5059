export const title = 'Every running CLI is asked what it has'

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  const [watch, follow, projects] = await Promise.all([
    demo.watch(),
    demo.follow(),
    demo.projects(),
  ])
  // A follower that has seen the last event has seen them all.
  await demo.start('cli-alpha', 'add', ['add', 'Ask everyone']).end()
  await follow.line(/Ask everyone/)
  const [byBeta, byGamma, tasks, items] = await Promise.all([
    demo.read('cli-beta', ['status']),
    demo.read('cli-gamma', ['status']),
    demo.tasks(),
    demo.read('cli-beta', ['list', '--all']),
  ])
  const show = demo.start('cli-gamma', 'status', ['status'])
  await show.end()

  const expected = new Map([
    [watch.pid, { tasks: tasks.length }],
    [follow.pid, { items: items.length }],
    [projects.pid, { projects: 1 }],
  ])
  for (const [asker, answers] of /** @type {const} */ ([
    ['cli-beta', byBeta],
    ['cli-gamma', byGamma],
  ])) {
    demo.check(
      `${asker} status has the answers of cli-alpha, cli-beta and cli-gamma`,
      [...expected].every(([pid, has]) =>
        answers.some(
          (/** @type {any} */ answer) =>
            answer.pid === pid && JSON.stringify(answer.has) === JSON.stringify(has),
        ),
      ),
    )
  }
}
