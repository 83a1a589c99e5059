import { CloudEvent, HTTP, ValidationError } from 'cloudevents'
import { EventBus, type EventEnvelope } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test, vi } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

async function emitted(options: object = {}): Promise<EventEnvelope> {
  await using bus = new EventBus({ home: temporaryHome(), rateLimit: false })
  await bus.emit('com.example:created', { id: '1', list: [1, null, { ä: '\u2028' }] }, options)
  return (await bus.read('*'))[0]!
}

test('an envelope is a valid CloudEvent for the reference library', async () => {
  const event = await emitted({ traceparent: TRACEPARENT })
  const parsed = new CloudEvent({ ...event })
  expect(parsed.validate()).toBe(true)
  expect(parsed).toMatchObject({ specversion: '1.0', traceparent: TRACEPARENT, data: event.data })
  const structured = HTTP.toEvent({
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(event),
  }) as CloudEvent
  expect(structured.validate()).toBe(true)
  expect(JSON.parse(JSON.stringify(structured))).toEqual(JSON.parse(JSON.stringify(event)))
  // The oracle refuses it as well.
  expect(() => new CloudEvent({ ...event, source: '' } as never)).toThrow(ValidationError)
})

test('ids are unique with the source, and the source names the CLI and the instance', async () => {
  await using bus = new EventBus({ inMemory: true, rateLimit: false })
  await using other = new EventBus({ inMemory: true, rateLimit: false })
  const events = [await bus.emit('a'), await other.emit('a'), bus.emitSync('a')]
  expect(new Set(events.map(({ id }) => id)).size).toBe(3)
  expect(events[0]!.source).toMatch(/^\/cli-ops\/[^/]+\/[0-9a-f]{12}$/u)
  await using named = new EventBus({ inMemory: true, source: 'urn:example:%20x?y=1#z' })
  expect((await named.emit('a')).source).toBe('urn:example:%20x?y=1#z')
})

test('the trace context is the one given, else a well-formed one from the environment', async () => {
  expect((await emitted()).traceparent).toBeUndefined()
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('TRACEPARENT', TRACEPARENT)
  expect((await emitted()).traceparent).toBe(TRACEPARENT)
  const later = `${TRACEPARENT.replace('00-', '01-')}-x`
  expect((await emitted({ traceparent: later })).traceparent).toBe(later)
  for (const wrong of [
    'x',
    `${TRACEPARENT}-more`,
    TRACEPARENT.toUpperCase(),
    TRACEPARENT.replace('00-', 'ff-'),
    // A later version can add fields, but not without a limit.
    `${TRACEPARENT.replace('00-', '01-')}-${'x'.repeat(512)}`,
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
  ]) {
    vi.stubEnv('TRACEPARENT', wrong)
    expect((await emitted()).traceparent).toBeUndefined()
    await expect(emitted({ traceparent: wrong })).rejects.toThrow(/^traceparent must be/u)
  }
})
