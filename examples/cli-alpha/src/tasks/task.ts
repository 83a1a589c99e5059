import { isRealDate } from './due-date.js'

/** One task, as it is stored. Fields that this version does not know are kept. */
export interface Task {
  readonly id: string
  readonly title: string
  readonly tags: readonly string[]
  /** Day, `2026-12-24`. */
  readonly due?: string
  /** Times are ISO 8601 in UTC. */
  readonly createdAt: string
  readonly updatedAt: string
  readonly doneAt?: string
}

/** Returns what is wrong with a value that should be a task, or `undefined` if it is one. */
export function whyNotTask(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is no object'
  const task = value as Readonly<Record<keyof Task, unknown>>
  for (const field of ['id', 'title'] as const) {
    if (typeof task[field] !== 'string' || task[field] === '') return `has no ${field}`
  }
  for (const field of ['createdAt', 'updatedAt'] as const) {
    if (!isTime(task[field])) return `has no time in ${field}`
  }
  if (!Array.isArray(task.tags) || !task.tags.every((tag) => typeof tag === 'string')) {
    return 'has tags that are no list of texts'
  }
  if (task.due !== undefined && !isRealDate(task.due)) return 'has a due date that is no date'
  if (task.doneAt !== undefined && !isTime(task.doneAt)) return 'has no time in doneAt'
  return undefined
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}
