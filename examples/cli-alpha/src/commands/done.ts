import { emits, withLock } from '@cli-ops/commander-plugin'
import { Command } from 'commander'

import { type TaskChange, eventsOf } from '../tasks/task-change.js'
import { TASK_DATABASE } from '../tasks/task-store.js'
import { updateTasks } from '../tasks/update-tasks.js'
import { showChanges } from './show-changes.js'

interface DoneOptions {
  readonly undo?: boolean
  readonly json?: boolean
}

export function doneCommand(): Command {
  return new Command('done')
    .description('mark tasks as done')
    .argument('<id...>', 'ids, or the beginnings of them')
    .option('-u, --undo', 'mark them as open again')
    .option('--json', 'print JSON')
    .action(withLock(TASK_DATABASE, emits(eventsOf, finishTasks)))
}

function finishTasks(ids: string[], { undo = false, json }: DoneOptions): TaskChange[] {
  const now = new Date().toISOString()
  // A task that was already done keeps its time.
  const changes = updateTasks(ids, ({ doneAt }) => ({ doneAt: undo ? null : (doneAt ?? now) }))
  return showChanges(changes, json)
}
