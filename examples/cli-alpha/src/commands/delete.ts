import { emits, withLock } from '@cli-ops/commander-plugin'
import { findByIds } from '@cli-ops/example-base'
import { Command } from 'commander'

import { type TaskChange, eventsOf } from '../tasks/task-change.js'
import { loadTasks, saveTasks, TASK_DATABASE } from '../tasks/task-store.js'
import { showChanges } from './show-changes.js'

interface DeleteOptions {
  readonly json?: boolean
}

export function deleteCommand(): Command {
  return new Command('delete')
    .description('delete tasks')
    .argument('<id...>', 'ids, or the beginnings of them')
    .option('--json', 'print JSON')
    .action(withLock(TASK_DATABASE, emits(eventsOf, deleteTasks)))
}

function deleteTasks(ids: string[], { json }: DeleteOptions): TaskChange[] {
  const tasks = loadTasks()
  const unwanted = findByIds('task', tasks, ids)
  saveTasks(tasks.filter((task) => !unwanted.includes(task)))
  return showChanges(
    unwanted.map((task) => ({ type: 'deleted', task })),
    json,
  )
}
