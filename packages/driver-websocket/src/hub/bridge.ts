import type { RpcChannel, RpcMessage } from '@cli-ops/shared-ipc/driver'

import type { WireChannel } from '../rpc/wire-channel.js'

/** Forwards everything between a client's channel and the store's, no faster than either end reads. */
export function bridge(wire: WireChannel, channel: RpcChannel): void {
  const end = (): void => {
    channel.close()
  }
  wire.receive({
    onMessage: (message) => {
      pass(message, wire, channel)
    },
    // What the client could not be sent came from the other end.
    onDrain: () => {
      channel.resume()
    },
    // A client's frames arrive as JSON, so this one is larger than the hub allows.
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
    // Larger than the other end accepts: without it, what follows would mean something else.
    from.close()
    to.close()
  }
}
