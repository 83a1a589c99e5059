// Compiled but never run: the types of events.
import {
  type CommandEnded,
  type CommandFailed,
  EventBus,
  type EventEnvelope,
  type StandardEvents,
} from '@cli-ops/shared-ipc'
import { standardEventSchemas } from '@cli-ops/shared-ipc/schemas'
import * as z from 'zod'

const bus = new EventBus({ schemas: standardEventSchemas })

await bus.emit('task:created', { id: '1', title: 'Write' })
await bus.emit('somebody:elses', { anything: true })
bus.on('task:created', ({ id, title }) => [id satisfies string, title satisfies string | undefined])
bus.on('command:completed', (ended: CommandEnded) => ended.exitCode satisfies number)
bus.on('command:failed', (ended: CommandFailed, event) => [ended.exitCode, event.cursor])
bus.on('task:*', (data, event) => [data satisfies unknown, event.type satisfies string])
bus.on('*', (_data, event: EventEnvelope) => event.id)
const created = await bus.once('task:created')
created.data.id satisfies string
for await (const event of bus.subscribe('item:updated', { from: 'earliest', group: 'sync' }))
  event.data.changes satisfies Record<string, unknown>

// @ts-expect-error -- a task has an id
await bus.emit('task:created', { title: 'Write' })
// @ts-expect-error -- an id is a string
await bus.emit('task:deleted', { id: 1 })
// @ts-expect-error -- data is needed where the map says so
await bus.emit('task:deleted')
// @ts-expect-error -- nobody knows the exit code of a process that was killed
bus.on('command:failed', ({ exitCode }) => exitCode satisfies number)
// @ts-expect-error -- another type's data
bus.on('task:created', (data: CommandEnded) => data.exitCode)
// @ts-expect-error -- the data of a pattern is not known
bus.on('task:*', (data) => data.id)
// @ts-expect-error -- a cursor comes from an envelope
bus.subscribe('*', { from: '1:0' })

interface OwnEvents extends StandardEvents {
  'build:done': { readonly target: string }
}
const own = new EventBus<OwnEvents>()
own.on('build:done', ({ target }) => target satisfies string)
await own.emit('task:deleted', { id: '1' })
// @ts-expect-error -- a misspelt member
await own.emit('build:done', { targt: 'x' })

new EventBus({ schemas: { 'build:done': z.object({ target: z.string() }) } })
// @ts-expect-error -- no schema
new EventBus({ schemas: { 'build:done': { target: 'string' } } })
