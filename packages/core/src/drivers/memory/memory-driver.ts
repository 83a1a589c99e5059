import { clockAt, systemClock } from '../../base/wait/clock.js'
import type {
  Driver,
  DriverOptions,
  EventDriver,
  LockDriver,
  RegistryDriver,
  RpcDriver,
} from '../driver.js'
import { createMemoryEvents } from './memory-events.js'
import { createMemoryLocks } from './memory-locks.js'
import { createMemoryRegistry } from './memory-registry.js'
import { createMemoryRpc } from './memory-rpc.js'

/** Identifies the place for which a test can have set a clock. */
type MemoryContext = Pick<DriverOptions, 'home' | 'namespace'>

/** Creates a driver that exists only in this process: for tests, and for programs that need no others. */
export function createMemoryDriver(context?: MemoryContext): Driver {
  const clock = context === undefined ? systemClock : clockAt(context)
  let locks: LockDriver | undefined
  let events: EventDriver | undefined
  let registry: RegistryDriver | undefined
  let rpc: RpcDriver | undefined
  return {
    name: 'memory',
    capabilities: {
      leases: false,
      sharedLocks: true,
      synchronous: true,
      replay: true,
      durableGroups: true,
      parking: true,
      remote: false,
    },
    get locks() {
      return (locks ??= createMemoryLocks(clock))
    },
    get events() {
      return (events ??= createMemoryEvents(clock))
    },
    get registry() {
      return (registry ??= createMemoryRegistry())
    },
    get rpc() {
      return (rpc ??= createMemoryRpc())
    },
    close: () => Promise.resolve(),
  }
}
