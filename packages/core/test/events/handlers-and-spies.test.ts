import { EventBus, type EventBusOptions } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'

function open(options: EventBusOptions): EventBus {
  const bus = new EventBus(options)
  onTestFinished(() => bus.close())
  return bus
}

describe.each([
  ['in memory', (): EventBusOptions => ({ inMemory: true })],
  ['on files', (): EventBusOptions => ({ home: temporaryHome() })],
])('%s', (_name, options) => {
  test.each<[string, (note: (args: unknown[]) => void) => (...args: unknown[]) => unknown]>([
    [
      'two parameters',
      (note) =>
        (...[data, event]: unknown[]) =>
          note([data, event]),
    ],
    [
      'rest parameters',
      (note) =>
        (...args: unknown[]) =>
          note(args),
    ],
    [
      'a default parameter',
      (note) =>
        (data: unknown, event: unknown = null) =>
          note([data, event]),
    ],
    [
      'a bound function',
      (note) => note.bind(null, []) && ((...args: unknown[]) => note(args)).bind(null),
    ],
    ['a mock function with an implementation', (note) => vi.fn((...args: unknown[]) => note(args))],
  ])('a handler with %s gets the data and the envelope', async (_kind, handlerFor) => {
    const bus = open(options())
    const calls: unknown[][] = []
    bus.on(
      'task:created',
      handlerFor((args) => calls.push(args)),
    )
    const emitted = await bus.emit('task:created', { id: '1' })
    expect(calls).toEqual([[{ id: '1' }, emitted]])
  })
})

test('on files, a mock function is called as every handler is', async () => {
  const bus = open({ home: temporaryHome() })
  const handler = vi.fn()
  bus.on('task:created', handler)
  const emitted = await bus.emit('task:created', { id: '1' })
  expect(handler).toHaveBeenCalledWith({ id: '1' }, emitted)
})

test('in memory, a bare mock function gets only the data, until it has an implementation', async () => {
  const bus = open({ inMemory: true })
  const handler = vi.fn()
  bus.on('task:created', handler)
  await bus.emit('task:created', { id: '1' })
  expect(handler.mock.calls).toEqual([[{ id: '1' }]])
  handler.mockImplementation(() => undefined)
  const emitted = await bus.emit('task:created', { id: '2' })
  expect(handler.mock.calls[1]).toEqual([{ id: '2' }, emitted])
  bus.off('task:created', handler)
  await bus.emit('task:created', { id: '3' })
  expect(handler).toHaveBeenCalledTimes(2)
})
