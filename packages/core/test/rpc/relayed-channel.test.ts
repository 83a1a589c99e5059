import { RelayedChannel } from '../../src/driver-kit/relayed-channel.js'
import { describe, expect, onTestFinished, test } from 'vitest'

const LIMITS = { maxMessageBytes: 1024 * 1024, maxUnreadBytes: 4 * 1024 * 1024 }

/** A channel whose frames go nowhere, and what its receiver gets. */
function openChannel(): { channel: RelayedChannel; told: unknown[]; closed: Promise<unknown> } {
  const wire = { send: () => Promise.resolve(true), forget: () => undefined }
  const channel = new RelayedChannel(wire, 'peer', LIMITS)
  const told: unknown[] = []
  const closed = new Promise((resolve) => {
    channel.receive({
      onMessage: (message) => told.push(message),
      onInvalid: (reason) => {
        told.push(reason)
        channel.close()
      },
      onDrain: () => undefined,
      onEnd: () => undefined,
      onClose: resolve,
    })
  })
  onTestFinished(() => channel.close())
  return { channel, told, closed }
}

describe('a channel over an engine, to which anyone may have written', () => {
  test('reports text that is not JSON, after what came before it', async () => {
    const { channel, told, closed } = openChannel()
    channel.onFrame('data', 1, ['{"jsonrpc":"2.0","id":1,"method":"a"}', '{"jsonrpc":', '{}'])
    expect(await closed).toBeUndefined()
    expect(told).toEqual([{ jsonrpc: '2.0', id: 1, method: 'a' }, 'not-json'])
  })

  test.each([3, 1, 0, -1, 1.5, NaN])(
    'ends if the next message is out of order (%s)',
    async (seq) => {
      const { channel, told, closed } = openChannel()
      channel.onFrame('data', 1, ['{"jsonrpc":"2.0","id":1,"method":"a"}'])
      channel.onFrame('data', seq, ['{"jsonrpc":"2.0","id":2,"method":"b"}'])
      expect(await closed).toMatchObject({ code: 'CONNECTION_LOST' })
      expect(told).not.toContainEqual({ jsonrpc: '2.0', id: 2, method: 'b' })
    },
  )
})
