import { badData, readJson } from '../files/read-json.js'
import { taskFile } from '../files/paths.js'
import { writeAtomically } from '../files/write-atomically.js'
import { type Task, whyNotTask } from './task.js'

/** The lock that guards the store. Whoever loads tasks in order to save them holds it in between. */
export const TASK_DATABASE = 'task-database'

const VERSION = 1

interface StoredTasks {
  readonly version?: unknown
  readonly tasks?: unknown
}

/** Loads all tasks; none where there is no store yet. Reading alone needs no lock: the file is replaced as a whole. */
export function loadTasks(path = taskFile()): Task[] {
  const stored = readJson(path)
  return stored === undefined ? [] : tasksOf(stored, path)
}

/** Replaces all tasks. The caller holds {@link TASK_DATABASE}. */
export function saveTasks(tasks: readonly Task[]): void {
  writeAtomically(taskFile(), `${JSON.stringify({ version: VERSION, tasks }, null, 2)}\n`)
}

/** Takes the tasks out of a store, or out of a plain list as other programs export it. */
export function tasksOf(stored: unknown, path: string): Task[] {
  if (typeof stored !== 'object' || stored === null) throw badData(path, 'it holds no tasks')
  const { version = VERSION, tasks } = Array.isArray(stored)
    ? { tasks: stored }
    : (stored as StoredTasks)
  if (version !== VERSION) throw badData(path, `its version is ${JSON.stringify(version)}, not 1`)
  if (!Array.isArray(tasks)) throw badData(path, 'it has no list of tasks')
  const ids = new Set<unknown>()
  for (const [index, task] of tasks.entries()) {
    const reason = whyNotTask(task)
    if (reason !== undefined) throw badData(path, `task ${index + 1} ${reason}`)
    const { id } = task as Task
    if (ids.has(id)) throw badData(path, `two tasks have the id ${JSON.stringify(id)}`)
    ids.add(id)
  }
  return tasks as Task[]
}
