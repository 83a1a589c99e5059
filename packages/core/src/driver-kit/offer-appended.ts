import type { LogPosition } from './log-position.js'
import { toEvent } from './log-slices.js'
import type { PolledReader } from './polled-reader.js'

/**
 * Gives a reader what an append says on a channel: `<epoch> <first> <last>`, and the events in lines of their own where they are not too
 * large for that. What does not follow the reader's position directly has to be fetched.
 *
 * @returns how far the log goes
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
