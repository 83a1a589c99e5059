import { printable, style } from '@cli-ops/example-base'

import { isOverdue } from './due-date.js'
import type { Task } from './task.js'

/** One task on one line: id, state, title, tags, due date. */
export function taskLine(task: Task): string {
  const isDone = task.doneAt !== undefined
  const title = printable(task.title)
  const tags = task.tags.map((tag) => style('cyan', printable(`#${tag}`)))
  return [
    style('yellow', printable(task.id).padEnd(5)),
    isDone ? style('green', '[x]') : '[ ]',
    isDone ? style('dim', title) : title,
    ...tags,
    ...(task.due === undefined ? [] : [dueText(task.due, isDone)]),
  ].join(' ')
}

function dueText(due: string, isDone: boolean): string {
  return !isDone && isOverdue(due) ? style('red', `(was due ${due})`) : `(due ${due})`
}
