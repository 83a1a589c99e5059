import type { FrameRelay } from '@cli-ops/shared-ipc/driver'

import type { Inbox } from './inbox.js'

const KIND = 'rpc'
const REPLY_ADDRESS = /^amq\.rabbitmq\.reply-to\./u

/**
 * Carries the frames of connections: to the listener through its queue, and back directly to the requester's channel.
 * Each way is one channel and one queue, which keep the order.
 */
export function createFrameRelay(inbox: Inbox, address: string, leaseMs: number): FrameRelay {
  // A connection silent for that long has ended at both ends.
  const options = { kind: KIND, expiresMs: leaseMs }
  return {
    scheme: 'amqp',
    address,
    leaseMs,
    ready: (signal) => inbox.ready(signal),
    readyForAnswers: (signal) => inbox.readyForAnswers(signal),
    send: async (to, frame, signal) => {
      if (!REPLY_ADDRESS.test(to)) return inbox.send(to, frame, options, signal)
      await inbox.answer(to, frame, options, signal)
      return true
    },
  }
}
