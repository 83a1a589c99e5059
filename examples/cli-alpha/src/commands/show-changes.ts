import { note, print, printJson } from '@cli-ops/example-base'

import type { TaskChange } from '../tasks/task-change.js'
import { taskLine } from '../tasks/task-line.js'

/** Prints what a command changed, and returns it for the events. */
export function showChanges(changes: TaskChange[], json = false): TaskChange[] {
  if (json) printJson(changes.map(({ task }) => task))
  else if (changes.length === 0) note('nothing to change')
  else for (const { type, task } of changes) print(`${type} ${taskLine(task)}`)
  return changes
}
