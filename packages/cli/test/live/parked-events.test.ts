import { EventBus } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import type { Snapshot } from '../../src/live/live-types.js'
import { CliOpsUser } from '../fixtures/cli-ops-user.js'
import { RunningDashboard } from '../fixtures/running-dashboard.js'

const WARNING = 'group "mail" has 1 parked event'

/** A consumer that gives up every event. */
async function consumer({ home }: CliOpsUser): Promise<EventBus> {
  const bus = new EventBus({ home })
  onTestFinished(() => bus.close())
  const subscription = bus.on('job', () => Promise.reject(new Error('no such mailbox')), {
    group: 'mail',
    maxAttempts: 1,
    onError: () => undefined,
  })
  await subscription.ready
  return bus
}

async function isParked(bus: EventBus): Promise<void> {
  await expect.poll(() => bus.parkedGroups(), { timeout: 20_000 }).toHaveLength(1)
}

test('"top" shows that events need attention', async () => {
  const user = new CliOpsUser()
  const bus = await consumer(user)
  await bus.emit('job', 1)
  await isParked(bus)
  expect((await user.run('top', '--once')).stdout).toContain(`! ${WARNING}`)
  expect(await user.json('top', '--once')).toMatchObject({
    parked: [{ group: 'mail', count: 1 }],
    warnings: [{ text: WARNING }],
  })
})

test('the dashboard shows it when it happens, and stops when it is settled', async () => {
  const user = new CliOpsUser()
  const bus = await consumer(user)
  const dashboard = await RunningDashboard.start(user)
  const warnings = async () => {
    const { body } = await dashboard.ask('/api/snapshot', { headers: dashboard.authorization })
    return (JSON.parse(body) as Snapshot).warnings.map(({ text }) => text)
  }
  expect(await warnings()).toEqual([])
  const { id } = await bus.emit('job', 1)
  await isParked(bus)
  await expect.poll(warnings, { timeout: 20_000 }).toEqual([WARNING])
  expect(await bus.drop('mail', id)).toBe(1)
  await expect.poll(warnings, { timeout: 20_000 }).toEqual([])
})
