import { emits, withLock } from '@cli-ops/commander-plugin'
import { newId } from '@cli-ops/example-base'
import { Command } from 'commander'

import { parseDueDate } from '../tasks/due-date.js'
import { type TaskChange, eventsOf } from '../tasks/task-change.js'
import { loadTasks, saveTasks, TASK_DATABASE } from '../tasks/task-store.js'
import type { Task } from '../tasks/task.js'
import { showChanges } from './show-changes.js'

interface AddOptions {
  readonly tag?: readonly string[]
  readonly due?: string
  readonly json?: boolean
}

export function addCommand(): Command {
  return new Command('add')
    .description('add a task')
    .argument('<title>', 'what is to be done')
    .option('-t, --tag <tag...>', 'tags to find it by')
    .option('-d, --due <date>', 'a day: 2026-12-24, today, tomorrow, +3d', (text) =>
      parseDueDate(text),
    )
    .option('--json', 'print JSON')
    .action(withLock(TASK_DATABASE, emits(eventsOf, addTask)))
}

function addTask(title: string, { tag = [], due, json }: AddOptions): TaskChange[] {
  const tasks = loadTasks()
  const now = new Date().toISOString()
  const task: Task = {
    id: newId(tasks),
    title,
    tags: [...new Set(tag)],
    ...(due === undefined ? {} : { due }),
    createdAt: now,
    updatedAt: now,
  }
  saveTasks([...tasks, task])
  return showChanges([{ type: 'created', task }], json)
}
