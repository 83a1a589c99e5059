import { randomUUID } from 'node:crypto'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { NetworkProxy } from '../engines/network-proxy.js'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'
import { LEASE_MS, startServer, type StormEngine, TEST_MS, upTo } from './storm-engine.js'

/** How long each call can take, by its own limit or the engine's. */
const LIMIT_MS = 1_000
const GRACE_MS = 250

/** Defines the storms over calls whose engine does not answer: every one of them settles. */
export function settleStorms(engine: StormEngine): void {
  test(
    'every call settles while the network is cut or the server suspended',
    { timeout: TEST_MS },
    async () => {
      const server = await startServer(engine)
      const rounds = scale(2, 20)
      const late: string[] = []
      let calls = 0
      let worstMs = 0
      for (const n of upTo(rounds)) {
        const proxy = await NetworkProxy.start({ port: server.port })
        onTestFinished(() => proxy.close())
        const ops = createCoordinator({
          name: 'caller',
          url: server.urlAt(proxy.port),
          namespace: randomUUID(),
          engineTimeoutMs: LIMIT_MS,
          leaseMs: LEASE_MS,
          disabled: false,
        })
        const held = await ops.locks.lock('held')
        const service = ops.serve()
        service.handle('ask', () => 'answer')
        await service.ready
        const client = ops.connect('caller')
        expect(await client.call('ask')).toBe('answer')
        const begin: Readonly<Record<string, () => Promise<unknown>>> = {
          lock: () => ops.locks.lock('free', { timeoutMs: LIMIT_MS }),
          wait: () => ops.locks.lock('held', { timeoutMs: LIMIT_MS }),
          tryLock: () => ops.locks.tryLock('free too'),
          isLocked: () => ops.locks.isLocked('held'),
          list: () => ops.locks.list(),
          emit: () => ops.events.emit('task:created', { id: '1', title: 'Write' }),
          read: () => ops.events.read('*', { from: 'earliest' }),
          discover: () => ops.registry.discover(),
          call: () => client.call('ask', undefined, { timeoutMs: LIMIT_MS }),
          release: () => held.release(),
        }
        if (n % 2 === 0) proxy.cut()
        else server.pause()
        await Promise.all(
          Object.entries(begin).map(async ([name, call]) => {
            const began = performance.now()
            await call().catch(() => undefined)
            const overMs = performance.now() - began - LIMIT_MS
            calls += 1
            worstMs = Math.max(worstMs, overMs)
            if (overMs > GRACE_MS) late.push(`${name} by ${Math.round(overMs)} ms`)
          }),
        )
        proxy.heal()
        server.resume()
        // What it held may have ended with its connection.
        await Promise.allSettled([ops.close()])
        await proxy.close()
      }
      recordFigure({
        what: `${engine.name}: calls that settle within their deadline + 250 ms, cut off or with the server suspended`,
        goal: `${calls} of ${calls}`,
        found: `${calls - late.length} (the latest ${Math.max(0, Math.round(worstMs))} ms behind its deadline)${late.length === 0 ? '' : `: ${[...new Set(late)].slice(0, 5).join(', ')}`}`,
        met: late.length === 0,
      })
      // On a machine of any speed, this only checks that they have settled at all.
      expect(calls).toBe(rounds * 10)
    },
  )
}
