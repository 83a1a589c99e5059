import { entriesOf, readJson, writeAtomically } from '@cli-ops/example-base'

import { taskFile } from '../files/paths.js'
import { type Task, whyNotTask } from './task.js'

/** The lock that guards the store. Whoever loads tasks in order to save them holds it in between. */
export const TASK_DATABASE = 'task-database'

/** Loads all tasks; none where there is no store yet. Reading alone needs no lock: the file is replaced as a whole. */
export function loadTasks(path = taskFile()): Task[] {
  const stored = readJson(path)
  return stored === undefined ? [] : tasksOf(stored, path)
}

/** Replaces all tasks. The caller holds {@link TASK_DATABASE}. */
export function saveTasks(tasks: readonly Task[]): void {
  writeAtomically(taskFile(), `${JSON.stringify({ version: 1, tasks }, null, 2)}\n`)
}

/** Takes the tasks out of a store, or out of a plain list as other programs export it. */
export function tasksOf(stored: unknown, path: string): Task[] {
  return entriesOf<Task>(stored, path, { noun: 'task', whyNot: whyNotTask })
}
