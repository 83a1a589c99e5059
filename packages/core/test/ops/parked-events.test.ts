import { EventBus } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test, vi } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'
import { runOpsCommand } from './run-ops.js'

/** Returns a home in which the group "mail" has parked two events. */
async function staged(): Promise<{ home: string; bus: EventBus; ids: readonly string[] }> {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => stderr.mockRestore())
  const home = temporaryHome()
  const bus = new EventBus({ home })
  onTestFinished(() => bus.close())
  const seen: unknown[] = []
  const subscription = bus.on(
    'job',
    (n) => {
      seen.push(n)
      if (n !== 3) throw new Error('no\u001b[31m such mailbox')
    },
    { group: 'mail', maxAttempts: 1 },
  )
  await subscription.ready
  const ids: string[] = []
  for (const n of [1, 2, 3]) ids.push((await bus.emit('job', n)).id)
  await vi.waitUntil(() => seen.length === 3, 20_000)
  subscription.unsubscribe()
  await subscription.closed
  return { home, bus, ids }
}

test('parked events are listed, and reported by "status" and "doctor"', async () => {
  const { home, ids } = await staged()
  const listed = await runOpsCommand(home, 'events parked')
  expect(listed.stdout).toContain(`mail  job  ${ids[0]}  1\n    1 attempt: no?[31m such mailbox\n`)
  expect(listed.stdout.split('\n')).toHaveLength(5)
  expect(await runOpsCommand(home, 'events parked', { group: 'other' })).toMatchObject({
    status: 0,
    stdout: 'No event of "other" is parked.\n',
  })
  const json = await runOpsCommand(home, 'events parked', { json: true })
  const lines = json.stdout.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { group: 'mail', event: { id: ids[0], data: 1 }, attempts: 1, retry: false },
    { group: 'mail', event: { id: ids[1], data: 2 }, attempts: 1, retry: false },
  ])
  const status = await runOpsCommand(home, 'status', { json: true })
  expect(JSON.parse(status.stdout)).toMatchObject({
    parked: [{ group: 'mail', count: 2 }],
    warnings: ['group "mail" has 2 parked events'],
  })
  const doctor = await runOpsCommand(home, 'doctor')
  expect(doctor.stdout).toMatch(
    /^warn {2}parked events: group "mail" has 2 parked events\n {6}see why: cli ops events parked; /mu,
  )
})

test('the consumer retries one; another is dropped', async () => {
  const { home, bus, ids } = await staged()
  const [first, second] = ids as [string, string]
  expect(await runOpsCommand(home, 'events retry', { id: first }, { args: ['mail'] })).toEqual({
    status: 0,
    stdout: '1 parked event of "mail" will be tried again by its consumer, or when it starts.\n',
    stderr: '',
  })
  expect(await runOpsCommand(home, 'events drop', { id: second }, { args: ['mail'] })).toEqual({
    status: 0,
    stdout: 'Dropped 1 parked event of "mail".\n',
    stderr: '',
  })
  const seen: unknown[] = []
  bus.on('job', (n) => seen.push(n), { group: 'mail' })
  await vi.waitUntil(() => seen.length === 1, 20_000)
  expect(seen).toEqual([1])
  await expect
    .poll(async () => (await runOpsCommand(home, 'events parked')).stdout)
    .toBe('No event is parked.\n')
  for (const path of ['events retry', 'events drop'])
    expect(await runOpsCommand(home, path, { id: second }, { args: ['mail'] })).toEqual({
      status: 1,
      stdout: `No parked event of "mail" has the id "${second}".\n`,
      stderr: '',
    })
})

test('a running consumer learns of a retry in another process', async () => {
  const { home, bus } = await staged()
  const seen: unknown[] = []
  const subscription = bus.on('job', (n) => seen.push(n), { group: 'mail' })
  await subscription.ready
  const { status } = await runOpsCommand(home, 'events retry', {}, { args: ['mail'] })
  expect(status).toBe(0)
  await vi.waitUntil(() => seen.length === 2, 20_000)
  expect(seen).toEqual([1, 2])
})
