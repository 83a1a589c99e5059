import assert from 'node:assert/strict'

import type { Driver, RpcDriver } from '../../../drivers/driver.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { SHORT_LIMITS } from '../harness/engine-faults.js'
import { closed, connect, LIMITS, received, serve } from '../rpc/rpc-actors.js'

/** Connections while the engine, or the network to it, fails. */
export const rpcFaultCases: readonly ConformanceCase[] = [
  {
    name: 'ends a connection whose peer was cut off',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const server = rpcOf(await context.driverOver(link))
      const serving = await serve(context, server)
      const client = await connect(
        context,
        rpcOf(await context.openAt(SHORT_LIMITS)),
        serving.listener.endpoint,
      )
      client.channel.send('before')
      const end = await context.eventually(() => serving.accepted[0], 'the connection is accepted')
      await received(context, end, 1)
      link.cut()
      await closed(context, client)
      await closed(context, end)
    },
  },
  {
    name: 'neither loses nor repeats messages of a connection that survives a cut',
    needs: ['openLink'],
    async run(context) {
      const limits = { leaseMs: 4 * SHORT_LIMITS.leaseMs }
      const link = await context.link()
      const serving = await serve(context, rpcOf(await context.driverOver(link, limits)))
      const client = await connect(
        context,
        rpcOf(await context.openAt({ ...SHORT_LIMITS, ...limits })),
        serving.listener.endpoint,
      )
      const end = await context.eventually(() => serving.accepted[0], 'the connection is accepted')
      client.channel.send(0)
      await received(context, end, 1)
      link.cut()
      for (const number of [1, 2, 3]) client.channel.send(number)
      link.heal()
      await context.eventually(
        () => end.messages.length >= 4 || end.closings.length + client.closings.length > 0,
        'the messages arrive, or the connection ends',
      )
      // The received messages are a prefix of the sent ones.
      assert.deepEqual(end.messages, [0, 1, 2, 3].slice(0, end.messages.length))
    },
  },
  {
    name: 'rejects with the reason of a signal that is aborted during a cut',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const { listener } = await serve(context, await context.rpc())
      const client = rpcOf(await context.driverOver(link, { timeoutMs: 30_000 }))
      link.cut()
      const controller = new AbortController()
      const connecting = client.connect(listener.endpoint, LIMITS, controller.signal)
      const reason = new Error('enough')
      controller.abort(reason)
      await assert.rejects(
        context.settled(connecting, 'the attempt ends'),
        (error) => error === reason,
      )
    },
  },
]

function rpcOf({ rpc }: Driver): RpcDriver {
  assert.ok(rpc !== undefined)
  return rpc
}
