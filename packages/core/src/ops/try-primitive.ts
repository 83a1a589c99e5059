import type { Primitive } from '../drivers/driver.js'
import type { ConnectionOptions } from '../engine/connection-options.js'
import { resolveEngineLimits } from '../engine/engine-limits.js'
import { randomId } from '../base/names/random-id.js'
import { limitedSignal } from '../base/wait/abort-signal.js'
import { untilAborted } from '../base/wait/race.js'
import { EventBus } from '../events/event-bus.js'
import { LockManager } from '../locks/lock-manager.js'
import { ServiceRegistry } from '../registry/service-registry.js'
import { IPCClient } from '../rpc/ipc-client.js'
import { IPCServer } from '../rpc/ipc-server.js'

/** The event that `doctor` emits on an engine to check that it can be read. */
const TRIED = 'doctor:tried'

/** Describes each trial in words that follow "cannot". */
export const TRIES: Readonly<Record<Primitive, string>> = {
  locks: 'take a lock and pass it on',
  events: 'emit an event and read it',
  registry: 'register and be found',
  rpc: 'send a request and get the answer',
}

/**
 * Does with a primitive what CLIs do, with this user's rights. Leaves only one event, which expires.
 *
 * @throws the primitive's error if a trial fails or times out
 */
export async function tryPrimitive(
  primitive: Primitive,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<void> {
  const { leaseMs, timeoutMs } = resolveEngineLimits(options)
  // An engine that was just created admits no clients for one lease.
  const limited = limitedSignal(leaseMs + 2 * timeoutMs, signal)
  try {
    await ATTEMPTS[primitive](options, `doctor-${randomId()}`, limited.signal)
  } finally {
    limited.stop()
  }
}

type Attempt = (options: ConnectionOptions, name: string, signal: AbortSignal) => Promise<void>

const ATTEMPTS: Readonly<Record<Primitive, Attempt>> = {
  async locks(options, resource, signal) {
    await using locks = new LockManager(options)
    const first = await locks.lock(resource, { signal })
    const second = locks.lock(resource, { signal })
    await first.release()
    await (await second).release()
  },

  async events(options, id, signal) {
    await using events = new EventBus({ ...options, rateLimit: false })
    await events.emit(TRIED, { id }, { signal })
    const kept = events.subscribe(TRIED, { from: 'earliest', signal, onGap: () => undefined })
    for await (const { data } of kept)
      if ((data as { readonly id?: unknown } | null)?.id === id) return
  },

  async registry(options, name, signal) {
    await using registry = new ServiceRegistry(options)
    await registry.register(name, {}, { signal })
    const found = await registry.discover({ name, includeSelf: true }, { signal })
    if (found.length === 0) throw new Error('the registered instance was not found')
    await registry.unregister(name)
  },

  async rpc(options, name, signal) {
    await using server = new IPCServer(name, options)
    server.handle('try', () => true)
    await untilAborted(server.ready, signal)
    await using client = new IPCClient(name, options)
    await client.call('try', {}, { signal })
  },
}
