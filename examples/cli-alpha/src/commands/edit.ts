import { emits, withLock } from '@cli-ops/commander-plugin'
import { UserError } from '@cli-ops/example-base'
import { Command } from 'commander'

import { parseDueDate } from '../tasks/due-date.js'
import { type TaskChange, eventsOf } from '../tasks/task-change.js'
import { TASK_DATABASE } from '../tasks/task-store.js'
import { updateTasks } from '../tasks/update-tasks.js'
import { showChanges } from './show-changes.js'

interface EditOptions {
  readonly title?: string
  readonly tag?: readonly string[]
  readonly untag?: readonly string[]
  /** `false` for `--no-due`. */
  readonly due?: string | false
  readonly json?: boolean
}

export function editCommand(): Command {
  return new Command('edit')
    .description('change a task')
    .argument('<id>', 'its id, or the beginning of it')
    .option('--title <title>', 'a new title')
    .option('-t, --tag <tag...>', 'add tags')
    .option('--untag <tag...>', 'take tags away')
    .option('-d, --due <date>', 'a day: 2026-12-24, today, tomorrow, +3d', (text) =>
      parseDueDate(text),
    )
    .option('--no-due', 'take the due date away')
    .option('--json', 'print JSON')
    .action(withLock(TASK_DATABASE, emits(eventsOf, editTask)))
}

function editTask(id: string, { title, tag, untag, due, json }: EditOptions): TaskChange[] {
  if ([title, tag, untag, due].every((option) => option === undefined)) {
    throw new UserError('nothing to change: give --title, --tag, --untag, --due or --no-due')
  }
  const changes = updateTasks([id], ({ tags }) => ({
    ...(title === undefined ? {} : { title }),
    tags: [...new Set([...tags, ...(tag ?? [])])].filter((kept) => !untag?.includes(kept)),
    ...(due === undefined ? {} : { due: due === false ? null : due }),
  }))
  return showChanges(changes, json)
}
