import type { EmittedEvent } from '@cli-ops/commander-plugin'

import type { Task } from './task.js'

/** The fields of a task that commands change. `null` removes an optional one. */
export interface TaskChanges {
  readonly title?: string
  readonly tags?: readonly string[]
  readonly due?: string | null
  readonly doneAt?: string | null
}

/** One change of the store, as a command returns it. */
export type TaskChange =
  | { readonly type: 'created'; readonly task: Task }
  | { readonly type: 'updated'; readonly task: Task; readonly changes: TaskChanges }
  | { readonly type: 'deleted'; readonly task: Task }

/** Returns the standard event of a change, for listeners in other CLIs. */
function eventOf(change: TaskChange): EmittedEvent {
  const { id, title } = change.task
  switch (change.type) {
    case 'created':
      return { type: 'task:created', data: { id, title } }
    case 'updated':
      return { type: 'task:updated', data: { id, changes: change.changes } }
    case 'deleted':
      return { type: 'task:deleted', data: { id } }
  }
}

/** For `emits`: one event for each change that a command returned. */
export function eventsOf({ result }: { readonly result: unknown }): EmittedEvent[] {
  return (result as readonly TaskChange[]).map(eventOf)
}

/** Applies changes to a task; `undefined` if it already has them. */
export function changeTask(
  task: Task,
  wanted: TaskChanges,
): Extract<TaskChange, { type: 'updated' }> | undefined {
  const current: ReadonlyMap<string, unknown> = new Map(Object.entries(task))
  const real = Object.entries(wanted).filter(
    ([field, value]) => JSON.stringify(current.get(field) ?? null) !== JSON.stringify(value),
  )
  if (real.length === 0) return undefined
  const changes = Object.fromEntries(real) as TaskChanges
  const fields = Object.entries({ ...task, ...changes, updatedAt: new Date().toISOString() })
  const changed = Object.fromEntries(
    fields.filter(([, value]) => value !== null),
  ) as unknown as Task
  return { type: 'updated', task: changed, changes }
}
