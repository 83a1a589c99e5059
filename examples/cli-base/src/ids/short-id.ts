import { UserError } from '../user-error.js'
import type { Task } from './task.js'

// Without vowels, so that no words appear, and without what is mistaken for something else.
const ALPHABET = '23456789bcdfghjkmnpqrstvwxz'
const LENGTH = 5

/** Makes an id that none of the tasks has. The caller holds the lock, so it stays unique. */
export function newTaskId(tasks: readonly Task[]): string {
  const taken = new Set(tasks.map(({ id }) => id))
  for (;;) {
    let id = ''
    while (id.length < LENGTH) id += ALPHABET.charAt(Math.floor(Math.random() * ALPHABET.length))
    if (!taken.has(id)) return id
  }
}

/** Finds a task by its id or by the beginning of it, as long as that means one task only. */
function findTask(tasks: readonly Task[], text: string): Task {
  const exact = tasks.find(({ id }) => id === text)
  if (exact !== undefined) return exact
  const [first, ...others] = text === '' ? [] : tasks.filter(({ id }) => id.startsWith(text))
  if (first === undefined) throw new UserError(`no task has the id ${JSON.stringify(text)}`)
  if (others.length === 0) return first
  const ids = [first, ...others].map(({ id }) => id).join(', ')
  throw new UserError(`${JSON.stringify(text)} is the beginning of several ids: ${ids}`)
}

/** As {@link findTask} for several ids; a task that is named twice is returned once. */
export function findTasks(tasks: readonly Task[], ids: readonly string[]): Task[] {
  return [...new Set(ids.map((id) => findTask(tasks, id)))]
}
