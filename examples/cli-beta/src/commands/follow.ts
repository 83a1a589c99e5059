import { note, print } from '@cli-ops/example-base'
import { EventBus, useOps } from '@cli-ops/shared-ipc'
import { withLock } from '@cli-ops/yargs-plugin'
import type { Argv } from 'yargs'

import { followTask } from '../follow/follow-task.js'
import { eventOf } from '../items/item-change.js'
import { itemLine } from '../items/item-line.js'
import { loadItems } from '../items/item-store.js'
import { JSON_OPTION } from './json-option.js'

/** Held by the one process that follows; a second one has nothing to do, and ends. */
const FOLLOWER = { resource: 'cli-beta-follow', onBusy: 'skip' } as const

/** The group's cursor remembers, across runs, how far the items have followed. */
const GROUP = 'cli-beta'

interface FollowArguments {
  readonly once: boolean
  readonly json: boolean
}

export function followCommand(program: Argv): Argv {
  return program.command(
    'follow',
    'make items of the tasks of cli-alpha, also of those that came while this was not running',
    (command) =>
      command
        .option('once', { type: 'boolean', default: false, describe: 'end when caught up' })
        .option('json', JSON_OPTION),
    withLock(FOLLOWER, follow),
  )
}

/** Ends with Ctrl-C, or with --once when it has caught up. It needs no clean-up: the plugin does it. */
async function follow({ once, json }: FollowArguments): Promise<void> {
  const { events } = useOps()
  const tasks = events.subscribe('task:*', {
    group: GROUP,
    from: 'earliest',
    wait: !once,
    onGap: () => note('cli-beta: some tasks changed too long ago, compare with cli-alpha list'),
  })
  // One task, one item: the limit against floods would only refuse the events of a busy cli-alpha.
  await using bus = new EventBus({ rateLimit: false })
  if (!once) await answerRequests()

  let count = 0
  for await (const event of tasks) {
    for (const change of await followTask(event)) {
      const { type, data } = eventOf(change)
      await bus.emit(type, data)
      print(json ? JSON.stringify({ type, data }) : `${change.type} ${itemLine(change.item)}`)
      count += 1
    }
  }
  if (!json) print(`caught up, changes: ${count}`)
}

async function answerRequests(): Promise<void> {
  const server = useOps().serve()
  server.handle('get-items', () => ({ items: loadItems() }))
  await server.ready
  note('following, Ctrl-C ends it')
}
