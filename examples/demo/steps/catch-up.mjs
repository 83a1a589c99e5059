export const title = 'cli-beta catches up on what happened while it was not running'

const TITLES = ['Write the report', 'Paint the shed', 'Call the plumber']

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  demo.screen.narrate('cli-beta (yargs) makes an item of every task of cli-alpha (commander).')
  await demo.start('cli-beta', 'follow 1', ['follow', '--once']).end()

  demo.screen.narrate('Nothing of cli-beta is running now.')
  const adds = TITLES.map((title) => demo.start('cli-alpha', 'add', ['add', title]))
  await Promise.all(adds.map((add) => add.end()))
  const [report = '', shed = ''] = adds.map(({ output }) => /^created (\S+)/m.exec(output)?.[1])
  await demo.start('cli-alpha', 'done', ['done', report]).end()
  await demo.start('cli-alpha', 'delete', ['delete', shed]).end()

  const follow = demo.start('cli-beta', 'follow 2', ['follow', '--once'])
  await follow.end()
  /** @type {{ name: string, doneAt?: string }[]} */
  const items = await demo.read('cli-beta', ['list', '--all'])
  /** @param {string} name */
  const named = (name) => items.filter((item) => item.name === name)
  demo.check(
    'every task that was made in between became one item',
    named('Write the report').length === 1 && named('Call the plumber').length === 1,
  )
  demo.check(
    'what was done and deleted in between is so in cli-beta, too',
    named('Write the report')[0]?.doneAt !== undefined && named('Paint the shed').length === 0,
  )
  const again = demo.start('cli-beta', 'follow 3', ['follow', '--once'])
  await again.end()
  demo.check('nothing comes twice', again.result.includes('caught up, changes: 0'), again.result)
}
