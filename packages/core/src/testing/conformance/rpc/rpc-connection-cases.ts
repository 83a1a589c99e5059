import assert from 'node:assert/strict'

import { randomId } from '../../../base/names/random-id.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { closed, connect, connectPair, LIMITS, received, serve } from './rpc-actors.js'

/** Listening, connecting, and how both end. */
export const rpcConnectionCases: readonly ConformanceCase[] = [
  {
    name: 'connects to an endpoint and carries messages both ways',
    async run(context) {
      const { client, server } = await connectPair(context)
      client.channel.send({ from: 'client' })
      assert.deepEqual(await received(context, server, 1), [{ from: 'client' }])
      server.channel.send({ from: 'server' })
      assert.deepEqual(await received(context, client, 1), [{ from: 'server' }])
    },
  },
  {
    name: 'gives each connection its own channel',
    async run(context) {
      const [one, other] = [await context.rpc(), await context.rpc()]
      const { listener, accepted } = await serve(context, one)
      const clients = [
        await connect(context, other, listener.endpoint),
        await connect(context, other, listener.endpoint),
      ]
      for (const [number, client] of clients.entries()) client.channel.send({ number })
      await context.eventually(
        () => accepted.length === 2 && accepted.every(({ messages }) => messages.length === 1),
        'both are heard',
      )
      for (const end of accepted) end.channel.send(end.messages[0])
      for (const [number, client] of clients.entries())
        assert.deepEqual(await received(context, client, 1), [{ number }])
    },
  },
  {
    name: 'listens several times for one instance, each time on its own endpoint',
    async run(context) {
      const rpc = await context.rpc()
      const instance = randomId()
      const first = await serve(context, rpc, LIMITS, instance)
      const second = await serve(context, rpc, LIMITS, instance)
      assert.notEqual(first.listener.endpoint, second.listener.endpoint)
      await first.listener.close()
      const client = await connect(context, rpc, second.listener.endpoint)
      client.channel.send('still here')
      await context.eventually(() => second.accepted[0]?.messages[0] === 'still here', 'an answer')
    },
  },
  {
    name: 'rejects with NO_RESPONDER if nothing listens any more',
    async run(context) {
      const [one, other] = [await context.rpc(), await context.rpc()]
      const { listener } = await serve(context, one)
      await listener.close()
      const { signal } = new AbortController()
      await assert.rejects(
        context.settled(other.connect(listener.endpoint, LIMITS, signal), 'the refusal'),
        { code: 'NO_RESPONDER' },
      )
    },
  },
  {
    name: 'rejects with the reason of a signal that is already aborted',
    async run(context) {
      const rpc = await context.rpc()
      const { listener, accepted } = await serve(context, rpc)
      const reason = new Error('too late')
      await assert.rejects(
        rpc.connect(listener.endpoint, LIMITS, AbortSignal.abort(reason)),
        (error) => error === reason,
      )
      assert.deepEqual(accepted, [])
    },
  },
  {
    name: 'keeps open connections when the listener is closed',
    async run(context) {
      const { client, server, serving } = await connectPair(context)
      await serving.listener.close()
      await serving.listener.close()
      client.channel.send('still here')
      assert.deepEqual(await received(context, server, 1), ['still here'])
    },
  },
  {
    name: 'tells the server once when the client closes',
    async run(context) {
      const { client, server } = await connectPair(context)
      client.channel.close()
      client.channel.close()
      await closed(context, server)
      await closed(context, client)
      assert.deepEqual([client.closings.length, server.closings.length], [1, 1])
    },
  },
  {
    name: 'tells the client once when the server closes',
    async run(context) {
      const { client, server } = await connectPair(context)
      server.channel.close()
      await closed(context, client)
      await closed(context, server)
      assert.deepEqual([client.closings.length, server.closings.length], [1, 1])
    },
  },
  {
    name: 'accepts what is sent after the end, and discards it',
    async run(context) {
      const { client, server } = await connectPair(context)
      client.channel.close()
      await closed(context, server)
      assert.equal(typeof client.channel.send('too late'), 'boolean')
      server.channel.send('too late')
      await context.settled(client.channel.flush(), 'flush ends')
      assert.deepEqual([client.messages, server.messages], [[], []])
    },
  },
]
