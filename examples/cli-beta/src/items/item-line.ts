import { printable, style } from '@cli-ops/example-base'

import type { Item } from './item.js'

/** One item on one line: id, state, name, project, the task it follows. */
export function itemLine({ id, name, project, task, doneAt }: Item): string {
  const isDone = doneAt !== undefined
  return [
    style('yellow', printable(id).padEnd(5)),
    isDone ? style('green', '[x]') : '[ ]',
    isDone ? style('dim', printable(name)) : printable(name),
    ...(project === undefined ? [] : [style('cyan', printable(`@${project}`))]),
    ...(task === undefined ? [] : [style('dim', printable(`(task ${task})`))]),
  ].join(' ')
}
