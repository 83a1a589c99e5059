import type { LogPosition } from './log-position.js'
import { toEvent } from './log-slices.js'
import type { PolledReader } from './polled-reader.js'

/**
 * Offers a reader the message of an append on a channel: `<epoch> <first> <last>`, then one event per line unless they are too large.
 * Events that do not directly follow the reader's position must be fetched.
 *
 * @returns the end of the log
 */
export function offerAppended(reader: PolledReader<LogPosition>, message: string): LogPosition {
  const [head = '', ...jsons] = message.split('\n')
  const [epoch = 0, first = 0, last = 0] = head.split(' ').map(Number)
  const end = { epoch, n: last }
  const from = reader.fetchedUpTo
  if (from?.epoch === epoch && from.n >= last) return end
  const isNext = from?.epoch === epoch && from.n === first - 1
  if (isNext && jsons.length === last - first + 1)
    reader.offer(jsons.length, () => ({
      events: jsons.map((json, index) => toEvent({ position: { epoch, n: first + index }, json })),
      position: end,
    }))
  else reader.look()
  return end
}
