import { FrameParts } from './frame-parts.js'
import type { Inbox } from './inbox.js'
import type { RelayedRpc } from './relayed-rpc.js'

/** Passes the frames that arrive in parts on the `rpc` route of an inbox to the requests. */
export function routeFrames(inbox: Inbox, rpc: RelayedRpc): void {
  const parts = new FrameParts()
  inbox.route('rpc', {
    onMessage: (part) => {
      const frame = parts.take(part)
      if (frame !== undefined) rpc.onFrame(frame)
    },
    onReady: () => {
      parts.forget()
    },
  })
}
