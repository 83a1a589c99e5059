// Explores the schedules of locks and events and prints a table: `node test/explorer/run.mjs [--long] [--json] [--only <text>]`.
// Replays one: `node test/explorer/run.mjs --scenario <name> [--platform windows] [--variant <mutant>] --seed <seed>`.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { loadExplorer } from './bundle.mjs'
import { replayTask } from './explore-task.mjs'
import { runTasks } from './run-tasks.mjs'
import { isWrong, tasksOf } from './tasks.mjs'
import { toMarkdown } from './to-markdown.mjs'

const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    scenario: { type: 'string' },
    platform: { type: 'string', default: 'posix' },
    variant: { type: 'string', default: 'real' },
    seed: { type: 'string' },
  },
})
const size = values.long ? 'long' : 'short'

if (values.seed !== undefined) {
  const platform = values.platform === 'windows' ? 'windows' : 'posix'
  const task = { variant: values.variant, platform, scenario: values.scenario ?? '' }
  for (const line of await replayTask(task, size, values.seed)) console.log(line)
} else {
  const tasks = tasksOf(await loadExplorer({ name: 'real' }), size).filter((task) =>
    Object.values(task).join(', ').includes(values.only),
  )
  /** @type {import('./tasks.mjs').Row[]} */
  const rows = []
  await runTasks(tasks, size, (row) => {
    rows.push(row)
    if (values.json) console.log(JSON.stringify(row))
    else if (process.stderr.isTTY) process.stderr.write(`${row.variant}, ${row.scenario}\n`)
  })
  if (!values.json) console.log(toMarkdown(rows, size))
  if (isWrong(rows)) process.exitCode = 1
}
