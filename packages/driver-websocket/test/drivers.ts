import { createDriver } from '@cli-ops/driver-websocket'
import type { Driver, LockDriver, LockGrant, LockRequest } from '@cli-ops/shared-ipc/driver'
import { randomId } from '@cli-ops/shared-ipc/driver'

/** A driver with everything that a hub offers. */
export type FullDriver = Driver & Required<Pick<Driver, 'locks' | 'events' | 'registry' | 'rpc'>>

/** Opens a driver as the kit does, for one client of a hub. */
export async function openAt(
  url: string,
  options: {
    readonly token: string
    readonly leaseMs?: number
    readonly timeoutMs?: number
    readonly namespace?: string
  },
): Promise<FullDriver> {
  const { token, leaseMs = 10_000, timeoutMs = 5_000, namespace = '' } = options
  const driver = createDriver({
    url: new URL(url),
    namespace,
    home: '/nowhere',
    timeoutMs,
    leaseMs,
    credentials: () => ({ username: undefined, password: token }),
    tls: () => ({}),
  }) as FullDriver
  try {
    await driver.open?.(new AbortController().signal)
  } catch (error) {
    await driver.close()
    throw error
  }
  return driver
}

/** Returns a request for a lock from a flow that holds nothing. */
export function newRequest(resource: string): LockRequest {
  return { resource, mode: 'exclusive', id: randomId(), held: [] }
}

/** Takes a lock that has to be free. */
export async function take(locks: LockDriver, resource: string): Promise<LockGrant> {
  const grant = await locks.tryAcquire(newRequest(resource))
  if (grant === null) throw new Error(`${resource} must be free`)
  return grant
}
