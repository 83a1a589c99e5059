import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { closed, connectPair, received } from './rpc-actors.js'

/** Messages that a careless framing would change. */
const TRICKY_MESSAGES = [
  { text: 'line\nbreak\r\nContent-Length: 2\r\n\r\n{}' },
  [
    { jsonrpc: '2.0', id: 1, method: 'a' },
    { jsonrpc: '2.0', method: 'b' },
  ],
  'žluťoučký 🐎\u2028\u0000',
  0,
  null,
  { deep: { deeper: [[[]]] } },
  { large: 'é'.repeat(200_000) },
]

/** Messages arrive as they were sent. */
export const rpcMessageCases: readonly ConformanceCase[] = [
  {
    name: 'carries messages unchanged, in both directions',
    async run(context) {
      const { client, server } = await connectPair(context)
      for (const message of TRICKY_MESSAGES) client.channel.send(message)
      assert.deepEqual(await received(context, server, TRICKY_MESSAGES.length), TRICKY_MESSAGES)
      for (const message of TRICKY_MESSAGES) server.channel.send(message)
      assert.deepEqual(await received(context, client, TRICKY_MESSAGES.length), TRICKY_MESSAGES)
    },
  },
  {
    name: 'keeps the order of messages, each at most once',
    async run(context) {
      const { client, server } = await connectPair(context)
      const numbers = Array.from({ length: 1000 }, (_, number) => number)
      for (const number of numbers) client.channel.send(number)
      assert.deepEqual(await received(context, server, 1000), numbers)
    },
  },
  {
    name: 'carries what was sent, even if the object changes later',
    async run(context) {
      const { client, server } = await connectPair(context)
      const message = { state: 'sent' }
      client.channel.send(message)
      message.state = 'changed later'
      assert.deepEqual(await received(context, server, 1), [{ state: 'sent' }])
    },
  },
  {
    name: 'delivers what was sent before the close',
    async run(context) {
      const { client, server } = await connectPair(context)
      client.channel.send('the last word')
      client.channel.close()
      await closed(context, server)
      assert.deepEqual(server.messages, ['the last word'])
    },
  },
  {
    name: 'flushes what was sent',
    async run(context) {
      const { client, server } = await connectPair(context)
      client.channel.send('out')
      await context.settled(client.channel.flush(), 'flush ends')
      assert.deepEqual(await received(context, server, 1), ['out'])
      await context.settled(client.channel.flush(), 'flush ends with nothing to send')
    },
  },
  {
    name: 'delivers nothing to a paused receiver, and everything later',
    async run(context) {
      const { client, server } = await connectPair(context)
      server.channel.pause()
      client.channel.send(1)
      client.channel.send(2)
      await client.channel.flush()
      // The other direction is not paused: a reply shows that time has passed.
      server.channel.send('meanwhile')
      await received(context, client, 1)
      assert.deepEqual(server.messages, [])
      server.channel.resume()
      assert.deepEqual(await received(context, server, 2), [1, 2])
    },
  },
  {
    name: 'stops delivering immediately when a receiver pauses within a message',
    async run(context) {
      const { client, server } = await connectPair(context)
      server.onMessage = (message) => {
        server.messages.push(message)
        server.channel.pause()
      }
      for (const number of [1, 2, 3]) client.channel.send(number)
      await received(context, server, 1)
      server.channel.resume()
      await received(context, server, 2)
      server.channel.resume()
      assert.deepEqual(await received(context, server, 3), [1, 2, 3])
    },
  },
]
