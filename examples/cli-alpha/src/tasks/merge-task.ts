import type { Task } from './task.js'
import { type TaskChange, type TaskChanges, changeTask } from './task-change.js'

/** What happened to an incoming task; `clash` means that another task happens to have the same id. */
export type Merged = TaskChange | 'unchanged' | 'clash'

/** Merges a task from another store: a new one is added; of a known one the newer version wins. */
export function mergeTask(known: Task | undefined, incoming: Task): Merged {
  if (known === undefined) return { type: 'created', task: incoming }
  if (known.createdAt !== incoming.createdAt) return 'clash'
  if (Date.parse(incoming.updatedAt) <= Date.parse(known.updatedAt)) return 'unchanged'
  const { title, tags, due = null, doneAt = null } = incoming
  const wanted: TaskChanges = { title, tags, due, doneAt }
  const change = changeTask(known, wanted)
  if (change === undefined) return 'unchanged'
  // Keep the time of the change, or two stores that sync with each other would never agree.
  return { ...change, task: { ...change.task, updatedAt: incoming.updatedAt } }
}
