import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import type { Cursor } from '../../events/contract/event-types.js'
import type { Driver, EventReader, EventRecord, LockGrant, LockRequest } from '../driver.js'
import { waitUnlessAborted } from '../../base/wait/abort-signal.js'

const NOWHERE = '' as Cursor

/**
 * Creates the driver behind `disabled: true`: every lock is granted immediately, events go nowhere, and no instance
 * is found. It touches neither disk nor network.
 */
export function createDisabledDriver(): Driver {
  const grant = ({ id }: LockRequest): LockGrant => ({
    id,
    token: 0n,
    grantedAt: new Date(),
    isHeld: () => true,
    onLost: () => () => undefined,
    release: () => undefined,
    releaseSync: () => undefined,
  })
  const append = (events: readonly EventRecord[]): Cursor[] => events.map(() => NOWHERE)
  return {
    name: 'disabled',
    capabilities: {
      leases: false,
      sharedLocks: true,
      synchronous: true,
      replay: true,
      durableGroups: true,
      parking: true,
      remote: false,
    },
    locks: {
      tryAcquire: grant,
      tryAcquireSync: grant,
      acquire: (request) => Promise.resolve(grant(request)),
      inspect: () => null,
      list: () => [],
      forceRelease: () => false,
      clean: () => [],
    },
    events: {
      append,
      appendSync: append,
      openReader: silentReader,
      parking: { groups: () => [], list: () => [], retry: () => 0, drop: () => 0 },
      clean: () => 0,
    },
    registry: {
      register: () => undefined,
      registerSync: () => undefined,
      unregister: () => undefined,
      unregisterSync: () => undefined,
      discover: () => [],
      watch: () => () => undefined,
      clean: () => [],
    },
    rpc: {
      listen: () => ({
        endpoint: '',
        close: () => Promise.resolve(),
        closeSync: () => undefined,
        ref: () => undefined,
        unref: () => undefined,
      }),
      connect: () =>
        Promise.reject(
          new CliOpsError('NO_RESPONDER', 'cli-ops is disabled, so no CLI can be reached'),
        ),
    },
    close: () => Promise.resolve(),
  }
}

function silentReader(): EventReader {
  return {
    ready: Promise.resolve(),
    poll: () => undefined,
    // Nothing will arrive, and waiting for it keeps no process alive.
    wait: (signal) => waitUnlessAborted(signal, () => () => undefined),
    commit: () => undefined,
    close: () => undefined,
  }
}
