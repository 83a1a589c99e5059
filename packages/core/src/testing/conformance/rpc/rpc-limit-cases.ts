import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { closed, connectPair, LIMITS, received } from './rpc-actors.js'

const SMALL = { ...LIMITS, maxMessageBytes: 16 * 1024 }
const TOO_LARGE = 'x'.repeat(SMALL.maxMessageBytes)

/** Messages that are too large, and peers that do not read. */
export const rpcLimitCases: readonly ConformanceCase[] = [
  {
    name: 'refuses to send a message that is too large, and sends the others',
    async run(context) {
      const { client, server } = await connectPair(context, SMALL)
      client.channel.send('before')
      assert.throws(() => client.channel.send(TOO_LARGE), { code: 'MESSAGE_TOO_LARGE' })
      client.channel.send('after')
      assert.deepEqual(await received(context, server, 2), ['before', 'after'])
    },
  },
  {
    name: 'sends a message exactly as large as the limit',
    async run(context) {
      const { client, server } = await connectPair(context, SMALL, SMALL)
      // Two quotation marks, and two bytes per letter.
      const text = 'é'.repeat(SMALL.maxMessageBytes / 2 - 1)
      client.channel.send(text)
      assert.deepEqual(await received(context, server, 1), [text])
    },
  },
  {
    name: 'reports a message that is too large to the receiver instead of delivering it',
    async run(context) {
      const { client, server } = await connectPair(context, LIMITS, SMALL)
      client.channel.send(TOO_LARGE)
      await context.eventually(() => server.invalid.length > 0, 'it is reported')
      assert.deepEqual([server.invalid, server.messages], [['too-large'], []])
    },
  },
  {
    name: 'tells the sender of a slow reader to wait, and when to continue',
    async run(context) {
      const limits = { ...LIMITS, maxUnreadBytes: 64 * 1024 * 1024 }
      const { client, server } = await connectPair(context, limits, limits)
      const message = 'x'.repeat(100_000)
      server.channel.pause()
      let sent = 0
      let more = true
      while (more && sent < 500) {
        more = client.channel.send(message)
        sent += 1
      }
      assert.equal(more, false)
      assert.equal(client.drains, 0)
      server.channel.resume()
      await context.eventually(() => client.drains > 0, 'onDrain is called')
      await received(context, server, sent)
    },
  },
  {
    name: 'ends the connection to a peer that leaves too much unread',
    async run(context) {
      const limits = { maxMessageBytes: 100_000, maxUnreadBytes: 200_000 }
      const { client, server } = await connectPair(context, limits, LIMITS)
      server.channel.pause()
      const message = 'x'.repeat(90_000)
      await context.eventually(() => {
        client.channel.send(message)
        return client.closings.length > 0
      }, 'the connection is given up')
      assert.ok(client.closings[0] instanceof Error)
      server.channel.resume()
      await closed(context, server)
    },
  },
]
