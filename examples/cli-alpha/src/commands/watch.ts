import { note, print, printable, style } from '@cli-ops/example-base'
import { type EventEnvelope, useOps } from '@cli-ops/shared-ipc'
import { Command } from 'commander'

import { watchSettings } from '../settings/watch-settings.js'
import { loadTasks } from '../tasks/task-store.js'
import type { Task } from '../tasks/task.js'

interface WatchOptions {
  readonly all?: boolean
  readonly group?: string
  readonly json?: boolean
}

export function watchCommand(): Command {
  return new Command('watch')
    .description('print what other CLIs do and answer their requests, until Ctrl-C')
    .option('-a, --all', 'the start and the end of commands too')
    .option('-g, --group <name>', 'begin where a watch with this name has ended')
    .option('--json', 'print each event as one line of JSON')
    .action(watch)
}

/** Ends with Ctrl-C. It needs no clean-up: the plugin withdraws everything that the process holds or has announced. */
async function watch({ all = false, group, json = false }: WatchOptions): Promise<void> {
  const ops = useOps()

  const show = (event: EventEnvelope): void => {
    if (!all && event.type.startsWith('command:')) return
    print(json ? JSON.stringify(event) : eventLine(event))
  }
  const subscription = ops.events.on('*', (_data, event) => show(event), { group })

  const server = ops.serve()
  server.handle('get-tasks', getTasks)
  server.on('request', (data) => {
    if ((data as { action?: unknown } | null)?.action === 'get-tasks') return getTasks()
    throw new Error('the only action here is get-tasks')
  })

  await Promise.all([subscription.ready, server.ready, watchSettings()])
  note('watching, Ctrl-C ends it')
}

function getTasks(): { tasks: Task[] } {
  return { tasks: loadTasks() }
}

function eventLine({ time, type, source, data }: EventEnvelope): string {
  const clock = new Date(time).toLocaleTimeString(undefined, { hour12: false })
  const from = printable(source)
  return `${clock} ${style('bold', printable(type))} ${JSON.stringify(data)} ${style('dim', from)}`
}
