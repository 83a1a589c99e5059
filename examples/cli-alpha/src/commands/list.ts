import { print, printJson } from '@cli-ops/example-base'
import { Command } from 'commander'

import { loadTasks } from '../tasks/task-store.js'
import { taskLine } from '../tasks/task-line.js'
import type { Task } from '../tasks/task.js'
import { readSetting } from '../settings/settings-file.js'

interface ListOptions {
  readonly all?: boolean
  readonly tag?: readonly string[]
  readonly json?: boolean
}

export function listCommand(): Command {
  return new Command('list')
    .description('list the open tasks')
    .option('-a, --all', 'the done ones too')
    .option('-t, --tag <tag...>', 'only tasks that have all of these tags')
    .option('--json', 'print JSON')
    .action(listTasks)
}

// Reading needs no lock: the store is always replaced as a whole.
function listTasks({ all = false, tag = [], json = false }: ListOptions): void {
  const tasks = loadTasks()
    .filter(({ doneAt }) => all || doneAt === undefined)
    .filter(({ tags }) => tag.every((wanted) => tags.includes(wanted)))
  if (readSetting('list.sort') === 'due') tasks.sort(byDue)
  if (json) printJson(tasks)
  else for (const task of tasks) print(taskLine(task))
}

/** Tasks without a due date come last, in the order in which they were added. */
function byDue({ due: a = '9' }: Task, { due: b = '9' }: Task): number {
  return a < b ? -1 : a > b ? 1 : 0
}
