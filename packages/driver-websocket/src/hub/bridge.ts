import type { RpcChannel, RpcMessage } from '@cli-ops/shared-ipc/driver'

import type { WireChannel } from '../rpc/wire-channel.js'

/** Lets everything pass between a client's channel and one of the store, no faster than either end reads. */
export function bridge(wire: WireChannel, channel: RpcChannel): void {
  const end = (): void => {
    channel.close()
  }
  wire.receive({
    onMessage: (message) => {
      pass(message, wire, channel)
    },
    // What the client could not be sent any more came from the other end.
    onDrain: () => {
      channel.resume()
    },
    // What a client sends has come as JSON, so it is larger than the hub lets pass.
    onInvalid: end,
    onEnd: end,
    onClose: end,
  })
  channel.receive({
    onMessage: (message) => {
      pass(message, channel, wire)
    },
    onDrain: () => {
      wire.resume()
    },
    onInvalid: (reason) => {
      wire.reportInvalid(reason)
    },
    onEnd: () => {
      wire.reportEnd()
    },
    onClose: (error) => {
      wire.end(error)
    },
  })
}

function pass(message: RpcMessage, from: RpcChannel, to: RpcChannel): void {
  try {
    if (!to.send(message)) from.pause()
  } catch {
    // Larger than the other end takes: what follows would mean something else without it.
    from.close()
    to.close()
  }
}
