// The kit: an event is stored in the log of `place`, a home directory, and read from there.
import { EventBus } from '@cli-ops/shared-ipc'

/** @type {import('../transport.mjs').OpenSender} */
export async function openSender(place) {
  const bus = new EventBus({ home: place, rateLimit: false })
  return { send: (at) => void bus.emit('bench:paced', { at }), close: () => bus.close() }
}

/** @type {import('../transport.mjs').OpenReader} */
export async function openReader(place, onEvent) {
  const bus = new EventBus({ home: place, rateLimit: false })
  await bus.on('bench:paced', (data) => onEvent(/** @type {{ at: string }} */ (data).at)).ready
}
