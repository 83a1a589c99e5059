import { findCycle, type LockRequest } from '@cli-ops/shared-ipc/driver'

import { readDocument } from './lock-document.js'
import { type QueueContext, toWaiter, type Waiter } from './lock-queue.js'

/**
 * Returns the resources of the cycle that a wait has closed. A stream message puts each flow's entry into a queue in
 * order, so the last flow of a cycle sees it whole and gives way; the others continue.
 *
 * @param seq of the queue position that the request has just taken
 */
export async function findWaitCycle(
  context: QueueContext,
  { resource, id, held }: LockRequest,
  seq: number,
): Promise<string[] | undefined> {
  const { store, subjects } = context
  const { createdAt } = await store.age(0)
  const flows = (await store.places.lastOfEach(subjects.allFlows)).map(toWaiter)
  const start = flows.find((flow) => flow.id === id)
  if (start === undefined) return undefined
  const resources = new Set([resource, ...flows.map((flow) => flow.resource)])
  const states = new Map(
    await Promise.all(
      [...resources].map(async (name) => {
        const [message, waiters] = await Promise.all([
          store.stream.last(subjects.holders(name)),
          store.places.lastOfEach(subjects.waiters(name)),
        ])
        return [
          name,
          { ...readDocument(message, createdAt), waiters: waiters.map(toWaiter) },
        ] as const
      }),
    ),
  )
  const own = new Set(held)
  const links = findCycle<Waiter, { readonly id: string; readonly mode: 'exclusive' | 'shared' }>(
    start,
    {
      idOf: (holder) => holder.id,
      modeOf: ({ mode }) => mode,
      holdersFor: (waiter) => states.get(waiter.resource)?.holders ?? [],
      isBehindExclusive: (waiter) =>
        states
          .get(waiter.resource)
          ?.waiters.some((each) => each.mode === 'exclusive' && each.seq < waiter.seq) === true,
      waitersHolding: (holder) => flows.filter((flow) => flow.held.includes(holder.id)),
      closes: (holder) => own.has(holder.id),
    },
  )
  if (links === undefined) return undefined
  return links.every(({ waiter }) => waiter.seq <= seq)
    ? links.map(({ waiter }) => waiter.resource)
    : undefined
}
