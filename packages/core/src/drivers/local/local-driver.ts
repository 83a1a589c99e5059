import { clockAt } from '../../base/wait/clock.js'
import type { Driver, DriverOptions, LockDriver, RegistryDriver, RpcDriver } from '../driver.js'
import { createLocalEvents, type LocalEvents } from './events/local-events.js'
import { nodeFileSystem } from './home/file-system.js'
import { HIDDEN_PARTS } from './home/hidden-parts.js'
import { Home } from './home/home.js'
import { createLocalLocks } from './locks/local-locks.js'
import { DeathWatch } from './registry/death-watch.js'
import { createLocalRegistry } from './registry/local-registry.js'
import { createLocalRpc } from './rpc/local-rpc.js'

/** Creates the default driver: files in the home directory, Unix sockets or named pipes for requests. */
export function createLocalDriver({
  home: root,
  namespace,
}: Pick<DriverOptions, 'home' | 'namespace'>): Driver {
  const home = new Home(root, namespace, nodeFileSystem)
  const deaths = new DeathWatch(home)
  // Created on first use: most commands need one or two of them.
  let locks: LockDriver | undefined
  let events: LocalEvents | undefined
  let registry: RegistryDriver | undefined
  let rpc: RpcDriver | undefined
  const now = (): number => clockAt({ home: root, namespace }).now()
  // The locks that elect a group's active reader; in a separate directory, so that they never appear among the users'
  // locks.
  const groupLocks = (): LockDriver =>
    createLocalLocks(new Home(root, namespace, nodeFileSystem, HIDDEN_PARTS.eventGroups))
  const fileNames = (): LockDriver =>
    createLocalLocks(new Home(root, namespace, nodeFileSystem, HIDDEN_PARTS.fileNames))
  return {
    name: 'local',
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
      return (locks ??= withAliases(createLocalLocks(home), fileNames))
    },
    get events() {
      return (events ??= createLocalEvents(home, groupLocks, now, deaths))
    },
    get registry() {
      return (registry ??= createLocalRegistry(home, deaths))
    },
    get rpc() {
      return (rpc ??= createLocalRpc(home))
    },
    claimCleanup: (intervalMs) => home.claimCleanup(intervalMs),
    close: () => {
      events?.close()
      return Promise.resolve()
    },
  }
}

function withAliases(locks: LockDriver, open: () => LockDriver): LockDriver {
  let aliases: LockDriver | undefined
  return {
    ...locks,
    get aliases() {
      return (aliases ??= open())
    },
    clean: (options) => {
      void (aliases ??= open()).clean(options)
      return locks.clean(options)
    },
  }
}
