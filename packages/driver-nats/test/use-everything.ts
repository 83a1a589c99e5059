import { createCoordinator } from '@cli-ops/shared-ipc'
import { tmpdir } from 'node:os'
import { expect } from 'vitest'

/** Uses all four primitives once. */
export async function useEverything(url: string): Promise<void> {
  const options = { name: 'cli-alpha', url, home: tmpdir(), disabled: false, leaseMs: 4_000 }
  const ops = createCoordinator(options)
  try {
    const lock = await ops.locks.lock('db')
    expect(await ops.locks.list()).toHaveLength(1)
    await lock.release()
    const heard = ops.events.once('a:b', { from: 'earliest' })
    await ops.events.emit('a:b', 1)
    expect((await heard).data).toBe(1)
    // Registered only on the line before the request, but it answers it all the same.
    ops.serve().handle('echo', (value) => value)
    expect(await ops.connect('cli-alpha').call('echo', 'ä'.repeat(300_000))).toHaveLength(300_000)
  } finally {
    await ops.close()
  }
}
