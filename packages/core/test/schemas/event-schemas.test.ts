import { EventBus, type StandardEvents, type StandardEventType } from '@cli-ops/shared-ipc'
import {
  eventEnvelopeSchema,
  groupAttemptsSchema,
  groupCursorSchema,
  parkedEventSchema,
  homeConfigSchema,
  segmentHeaderSchema,
  segmentSealSchema,
  standardEventSchemas,
  storedEventSchema,
} from '@cli-ops/shared-ipc/schemas'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, onTestFinished, test, vi } from 'vitest'
import type * as z from 'zod'

import { temporaryHome } from '../fixtures/temporary-home.js'

type Outputs = { [Type in StandardEventType]: z.output<(typeof standardEventSchemas)[Type]> }

describe('schemas of the standard events', () => {
  test('agree with the types', () => {
    expectTypeOf<Outputs>().toExtend<StandardEvents>()
    expectTypeOf<StandardEvents>().toExtend<Outputs>()
    expectTypeOf<keyof typeof standardEventSchemas>().toEqualTypeOf<StandardEventType>()
  })

  test('are checked by a bus, at emit and for events from others', async () => {
    await using bus = new EventBus({ inMemory: true, schemas: standardEventSchemas })
    await bus.emit('task:created', { id: '1', title: 'a', cli: 'alpha' })
    const wrong = { id: 1 } as unknown as { id: string }
    await expect(bus.emit('task:created', wrong)).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      message: expect.stringContaining('id') as string,
    })
    expect(() => bus.emitSync('task:created', wrong)).toThrow(/id/u)
  })
})

test('what a bus stores satisfies the schemas of the records', async () => {
  const home = temporaryHome()
  await using bus = new EventBus({ home, rateLimit: false, maxBytes: 16 * 4096 })
  await bus.on('*', () => undefined, { group: 'g' }).ready
  for (let n = 0; n < 30; n += 1) {
    const emitted = await bus.emit('task:created', { id: String(n), title: 'x'.repeat(200) })
    eventEnvelopeSchema.parse(emitted)
  }
  const lines = readdirSync(join(home, 'events'))
    .flatMap((name) => readFileSync(join(home, 'events', name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { cliops?: string })
  const ofKind = (kind: string): unknown[] =>
    lines.filter(({ cliops = 'event' }) => cliops === kind)
  expect(ofKind('event')).toHaveLength(30)
  for (const line of ofKind('event')) storedEventSchema.parse(line)
  expect(ofKind('header').length).toBeGreaterThan(1)
  for (const line of ofKind('header')) segmentHeaderSchema.parse(line)
  expect(ofKind('seal').length).toBeGreaterThan(0)
  for (const line of ofKind('seal')) segmentSealSchema.parse(line)
  groupCursorSchema.parse(JSON.parse(readFileSync(join(home, 'groups', 'g.json'), 'utf8')))
})

test('a group’s attempts and parked events satisfy the schemas', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => stderr.mockRestore())
  const home = temporaryHome()
  await using bus = new EventBus({ home })
  const attempts: unknown[] = []
  const path = (...parts: string[]): string => join(home, ...parts)
  bus.on(
    'n',
    () => {
      const [line] = readFileSync(path('groups', 'g.attempts'), 'utf8').split('\n', 1)
      attempts.push(groupAttemptsSchema.parse(JSON.parse(line!)))
      throw new Error('no')
    },
    { group: 'g', maxAttempts: 2, retryDelaysMs: [1] },
  )
  const { cursor } = await bus.emit('n', { id: '1' })
  await expect
    .poll(() => existsSync(path('parked', 'g')) && readdirSync(path('parked', 'g')))
    .toHaveLength(1)
  expect(attempts).toEqual([{ [cursor]: 1 }, { [cursor]: 2 }])
  const [file] = readdirSync(path('parked', 'g'))
  const parked = parkedEventSchema.parse(
    JSON.parse(readFileSync(path('parked', 'g', file!), 'utf8')),
  )
  expect(parked).toMatchObject({ group: 'g', attempts: 2, error: 'no', event: { cursor } })
})

test('config.json is accepted as documented, and a misspelt rule is not', () => {
  const config = (rule: object): unknown => ({ clis: { checkly: { commands: { deploy: rule } } } })
  expect(
    homeConfigSchema.safeParse(config({ lock: 'deploys', emits: 'deploy:done' })).success,
  ).toBe(true)
  expect(
    homeConfigSchema.safeParse(config({ lock: { resource: 'd', onBusy: 'fail' } })).success,
  ).toBe(true)
  expect(homeConfigSchema.safeParse(config({ lok: 'deploys' })).success).toBe(false)
  expect(
    homeConfigSchema.safeParse(config({ lock: { resource: 'd', onBusy: 'no' } })).success,
  ).toBe(false)
})
