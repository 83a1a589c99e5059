import { EventBus, type StandardEvents, type StandardEventType } from '@cli-ops/shared-ipc'
import {
  eventEnvelopeSchema,
  groupCursorSchema,
  homeConfigSchema,
  segmentHeaderSchema,
  segmentSealSchema,
  standardEventSchemas,
  storedEventSchema,
} from '@cli-ops/shared-ipc/schemas'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type * as z from 'zod'

import { temporaryHome } from '../fixtures/temporary-home.js'

type Outputs = { [Type in StandardEventType]: z.output<(typeof standardEventSchemas)[Type]> }

describe('schemas of the standard events', () => {
  test('agree with the types', () => {
    expectTypeOf<Outputs>().toExtend<StandardEvents>()
    expectTypeOf<StandardEvents>().toExtend<Outputs>()
    expectTypeOf<keyof typeof standardEventSchemas>().toEqualTypeOf<StandardEventType>()
  })

  test('are checked by a bus, at emit and for what others emitted', async () => {
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
