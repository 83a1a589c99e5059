import { entriesOf, readJson, writeAtomically } from '@cli-ops/example-base'

import { taskFile } from '../files/paths.js'
import { type Task, whyNotTask } from './task.js'

/** The lock that guards the store. Hold it from loading tasks to saving them. */
export const TASK_DATABASE = 'task-database'

/** Loads all tasks; none if there is no store yet. Reading alone needs no lock: the file is replaced as a whole. */
export function loadTasks(path = taskFile()): Task[] {
  const stored = readJson(path)
  return stored === undefined ? [] : tasksOf(stored, path)
}

/** Replaces all tasks. The caller holds {@link TASK_DATABASE}. */
export function saveTasks(tasks: readonly Task[]): void {
  writeAtomically(taskFile(), `${JSON.stringify({ version: 1, tasks }, null, 2)}\n`)
}

/** Returns the tasks in a store, or in a plain list as other programs export it. */
export function tasksOf(stored: unknown, path: string): Task[] {
  return entriesOf<Task>(stored, path, { noun: 'task', whyNot: whyNotTask })
}
