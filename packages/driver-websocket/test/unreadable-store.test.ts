import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { EventBus } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test, vi } from 'vitest'

import { HubProcess } from './hub-process.js'

const SECRET = 'secret-of-the-store-tests'
const keys = [{ name: 'ci', hash: hashAccessKey(SECRET), scopes: ['read', 'emit'] as const }]

async function setUp(folder = 'events') {
  vi.stubEnv('CLI_OPS_TOKEN', SECRET)
  onTestFinished(() => void vi.unstubAllEnvs())
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => stderr.mockRestore())
  const hub = await HubProcess.start({ keys })
  onTestFinished(() => hub.stop())
  const bus = new EventBus({ url: hub.url, rateLimit: false })
  onTestFinished(() => bus.close({ drainMs: 0 }))
  const path = join(hub.home, folder)
  return {
    hub,
    bus,
    breakIt() {
      renameSync(path, `${path}.away`)
      writeFileSync(path, '')
    },
    mendIt() {
      rmSync(path)
      renameSync(`${path}.away`, path)
    },
  }
}

test.each([undefined, 'g'])(
  'a hub and its readers (group: %s) continue after its log was briefly unreadable',
  async (group) => {
    const { bus, breakIt, mendIt } = await setUp()
    const seen: unknown[] = []
    bus.on('n', (data) => seen.push(data), { group, from: 'earliest' })
    await bus.emit('n', 1)
    await vi.waitUntil(() => seen.length === 1, 60_000)
    breakIt()
    // The hub has the segment open, and checks the log when it has stored this.
    await bus.emit('n', 2)
    await expect(bus.read('n')).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    mendIt()
    await bus.emit('n', 3)
    await vi.waitUntil(() => seen.length === 3, 60_000)
    expect(seen).toEqual([1, 2, 3])
  },
)

test('a group reader that is disconnected meanwhile continues, too', async () => {
  const { hub, bus, breakIt, mendIt } = await setUp('groups')
  const link = await hub.faults.openLink()
  onTestFinished(() => link.close())
  const reading = new EventBus({ url: link.url, rateLimit: false })
  onTestFinished(() => reading.close({ drainMs: 0 }))
  const seen: unknown[] = []
  reading.on('n', (data) => seen.push(data), { group: 'g', from: 'earliest' })
  await bus.emit('n', 1)
  await vi.waitUntil(() => seen.length === 1, 60_000)
  breakIt()
  link.reset()
  // Reconnected and refused: on this connection the reader was opened before.
  await vi.waitFor(async () => {
    const other = reading.on('n', () => undefined, { group: 'h' })
    await expect(other.ready).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  }, 60_000)
  mendIt()
  await bus.emit('n', 2)
  await vi.waitUntil(() => seen.length === 2, 60_000)
  expect(seen).toEqual([1, 2])
})
