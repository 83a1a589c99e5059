import { findByIds } from '@cli-ops/example-base'

import { type TaskChange, type TaskChanges, changeTask } from './task-change.js'
import { loadTasks, saveTasks } from './task-store.js'

/** Changes the named tasks in the store, which is written only if something changed. The caller holds the lock. */
export function updateTasks(
  ids: readonly string[],
  wanted: (task: Parameters<typeof changeTask>[0]) => TaskChanges,
): TaskChange[] {
  const tasks = loadTasks()
  const changes = findByIds('task', tasks, ids).flatMap(
    (task) => changeTask(task, wanted(task)) ?? [],
  )
  const changed = new Map(changes.map(({ task }) => [task.id, task]))
  if (changes.length > 0) saveTasks(tasks.map((task) => changed.get(task.id) ?? task))
  return changes
}
