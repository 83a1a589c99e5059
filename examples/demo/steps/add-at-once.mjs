export const title = 'Six processes add a task at the same moment'

const TITLES = [
  'Book a room',
  'Order lunch',
  'Print badges',
  'Invite Ada',
  'Test the mic',
  'Rent a bus',
]

/** @param {import('../demo.mjs').Demo} demo */
export async function run(demo) {
  demo.screen.narrate('Each reads the store, adds its task and writes the store, under one lock.')
  const adds = TITLES.map((task, index) =>
    demo.start('cli-alpha', `add ${index + 1}`, ['add', task]),
  )
  const ends = await Promise.all(adds.map((add) => add.end()))
  demo.check(
    'every add succeeded',
    ends.every(({ code }) => code === 0),
  )
  const tasks = await demo.tasks()
  const kept = TITLES.filter((task) => tasks.some((stored) => stored.title === task))
  demo.check(
    'no task was lost',
    kept.length === TITLES.length,
    `${kept.length} of ${TITLES.length}`,
  )
  demo.check(
    'every task has an id of its own',
    new Set(tasks.map(({ id }) => id)).size === tasks.length,
  )
}
