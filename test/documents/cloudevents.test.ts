import { join } from 'node:path'
import { CloudEvent, HTTP, type Message } from 'cloudevents'
import { EventBus, type EventEnvelope } from '@cli-ops/shared-ipc'
import {
  eventEnvelopeSchema,
  standardEventSchemas,
  storedEventSchema,
} from '@cli-ops/shared-ipc/schemas'
import { expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { codeBlocks, tableRows } from './markdown.js'
import { TemporaryUser } from './start-cli.js'

const page = join(root, 'docs/reference/cloudevents.md')

test('the event on the page is valid for the reference library and the schema', () => {
  const [example] = codeBlocks(page, ['json']).map(({ code }) => JSON.parse(code) as EventEnvelope)
  expect(new CloudEvent({ ...example! }).validate()).toBe(true)
  expect(eventEnvelopeSchema.parse(example)).toEqual(example)
})

test('the page has all attributes of a delivered event, and the standard types', async () => {
  const rows = tableRows(page)
  const first = rows.map(([name = '']) => name.replaceAll('`', ''))
  await using bus = new EventBus({ home: new TemporaryUser().home })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const event = await bus.emit('task:created', { id: '1' }, { traceparent })
  const isAttribute = (at: number) => ['required', 'optional', 'extension'].includes(rows[at]![1]!)
  expect(first.filter((_, at) => isAttribute(at)).sort()).toEqual(Object.keys(event).sort())
  expect(first.filter((name) => name.includes(':')).sort()).toEqual(
    Object.keys(standardEventSchemas).sort(),
  )
})

test('both modes of the HTTP binding carry an event there and back, without its cursor', async () => {
  await using bus = new EventBus({ inMemory: true })
  const { cursor, ...event } = await bus.emit('task:created', { id: '1', list: [1, null, 'ä'] })
  expect(cursor).not.toBe('')
  for (const send of [HTTP.structured, HTTP.binary]) {
    const message = send(new CloudEvent({ ...event })) as Message<unknown>
    const back = JSON.parse(JSON.stringify(HTTP.toEvent(message))) as unknown
    expect(storedEventSchema.parse(back)).toEqual(event)
  }
})
