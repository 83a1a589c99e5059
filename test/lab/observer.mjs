import { createCoordinator } from '@cli-ops/shared-ipc'

/**
 * Returns what the programs of a home have left there, once killed ones have been noticed.
 *
 * @param {string} home
 */
export function lookInside(home) {
  return asObserver(home, async (ops) => {
    await ops.registry.cleanDeadProcesses()
    const events = await ops.events.read('command:*', { from: 'earliest' })
    return {
      events: events.map(({ type, data }) => ({
        type,
        data: /** @type {Record<string, unknown>} */ (data),
      })),
      instances: (await ops.registry.discover()).map(({ name }) => name),
      locks: (await ops.locks.list()).map(({ resource }) => resource),
    }
  })
}

/**
 * Resolves with true when a waiter appears for the resource, with false when `over` has settled first.
 *
 * @param {string} home
 * @param {string} resource
 * @param {Promise<unknown>} over
 */
export function seesWaiter(home, resource, over) {
  let isOver = false
  const markOver = () => void (isOver = true)
  over.then(markOver, markOver)
  return asObserver(home, async (ops) => {
    while (!isOver) {
      const locks = await ops.locks.list()
      if (locks.some((lock) => lock.resource === resource && lock.waiters.length > 0)) return true
      // A third party gets no notification of a new waiter.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return false
  })
}

/**
 * @template Result
 * @param {string} home
 * @param {(ops: import('@cli-ops/shared-ipc').Coordinator) => Promise<Result>} look
 */
async function asObserver(home, look) {
  const ops = createCoordinator({ name: 'observer', home })
  try {
    return await look(ops)
  } finally {
    await ops.close()
  }
}
