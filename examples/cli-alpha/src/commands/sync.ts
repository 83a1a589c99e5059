import { setTimeout as sleep } from 'node:timers/promises'

import { emits } from '@cli-ops/commander-plugin'
import { note, print, printJson, UserError, writeAtomically } from '@cli-ops/example-base'
import { describeHolder, type LockInfo, useOps } from '@cli-ops/shared-ipc'
import { Command, InvalidArgumentError } from 'commander'

import { readSetting } from '../settings/settings-file.js'
import { mergeTask } from '../tasks/merge-task.js'
import { readTasksFrom } from '../tasks/read-tasks-from.js'
import { taskBoard } from '../tasks/task-board.js'
import { type TaskChange, eventsOf } from '../tasks/task-change.js'
import { loadTasks, saveTasks, TASK_DATABASE } from '../tasks/task-store.js'
import type { Task } from '../tasks/task.js'

interface SyncOptions {
  readonly from?: string
  readonly board?: string
  readonly pace?: number
  readonly json?: boolean
}

export function syncCommand(): Command {
  return new Command('sync')
    .description('merge the tasks of another store, and write a Markdown board')
    .option('--from <path>', 'a store or a list of tasks, or a directory of such (sync.from)')
    .option('--board <file>', 'Markdown file to write all tasks to (sync.board)')
    .option('--pace <ms>', 'pause after each task, to watch the others wait', parsePace)
    .option('--json', 'print JSON')
    .action(emits(eventsOf, sync))
}

async function sync({ json = false, pace = 0, ...options }: SyncOptions): Promise<TaskChange[]> {
  const { from = readSetting('sync.from'), board = readSetting('sync.board') } = options
  if (from === undefined && board === undefined) {
    throw new UserError('nothing to sync with: give --from or --board, or set sync.from')
  }
  const incoming = from === undefined ? [] : readTasksFrom(from) // no lock is needed for this part

  // withLock() holds its lock during the whole action; acquire() only during the part that needs it.
  const changes = await useOps().locks.acquire(
    TASK_DATABASE,
    async (lock) => {
      note(`syncing ${incoming.length} tasks${from === undefined ? '' : ` from ${from}`}`)
      const merged = await merge(loadTasks(), incoming, pace)
      lock.assertHeld() // A person may have taken the lock away during a long job.
      // The board first: if it cannot be written, the store is unchanged and there is nothing to announce.
      if (board !== undefined) writeAtomically(board, taskBoard(merged.tasks))
      if (merged.changes.length > 0) saveTasks(merged.tasks)
      return merged.changes
    },
    { onWait: sayWho },
  )

  const count = (type: TaskChange['type']): number =>
    changes.filter((change) => change.type === type).length
  const summary = {
    incoming: incoming.length,
    created: count('created'),
    updated: count('updated'),
  }
  if (json) printJson(summary)
  else print(`synced: ${summary.created} created, ${summary.updated} updated`)
  return changes
}

/** Merges in memory, so that an interrupted sync has changed nothing. */
async function merge(
  tasks: readonly Task[],
  incoming: readonly Task[],
  pace: number,
): Promise<{ tasks: Task[]; changes: TaskChange[] }> {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const changes: TaskChange[] = []
  for (const task of incoming) {
    const merged = mergeTask(byId.get(task.id), task)
    if (merged === 'clash') {
      note(`left out ${task.id}, which is the id of another task here`)
    } else if (merged !== 'unchanged') {
      byId.set(task.id, merged.task)
      changes.push(merged)
    }
    if (pace > 0) await sleep(pace)
  }
  return { tasks: [...byId.values()], changes }
}

function sayWho(info: LockInfo): void {
  note(`cli-alpha: waiting for "${info.resource}", ${describeHolder(info)}`)
}

function parsePace(text: string): number {
  if (!/^\d{1,5}$/u.test(text)) throw new InvalidArgumentError('Give milliseconds, 0 to 99999.')
  return Number(text)
}
