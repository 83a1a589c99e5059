import assert from 'node:assert/strict'

import type {
  RpcChannel,
  RpcDriver,
  RpcLimits,
  RpcListener,
  RpcMessage,
  RpcReceiver,
} from '../../../drivers/driver.js'
import { randomId } from '../../../base/names/random-id.js'
import type { CaseContext } from '../harness/case-context.js'

/** The kit's default limits. */
export const LIMITS: RpcLimits = { maxMessageBytes: 1024 * 1024, maxUnreadBytes: 4 * 1024 * 1024 }

/** One end of a connection, and everything that happened there. */
export class End implements RpcReceiver {
  readonly channel: RpcChannel
  readonly messages: RpcMessage[] = []
  readonly invalid: string[] = []
  readonly closings: (Error | undefined)[] = []
  drains = 0
  ended = false

  constructor(context: CaseContext, channel: RpcChannel) {
    this.channel = channel
    channel.receive(this)
    context.defer(() => {
      channel.close()
    })
  }

  onMessage(message: RpcMessage): void {
    this.messages.push(message)
  }

  onInvalid(reason: string): void {
    this.invalid.push(reason)
  }

  onDrain(): void {
    this.drains += 1
  }

  onEnd(): void {
    this.ended = true
    this.channel.close()
  }

  onClose(error?: Error): void {
    this.closings.push(error)
  }
}

/** A listener and its accepted ends. */
export interface Serving {
  readonly listener: RpcListener
  readonly accepted: End[]
}

/** Starts to listen; the listener ends with the case. */
export async function serve(
  context: CaseContext,
  rpc: RpcDriver,
  limits: RpcLimits = LIMITS,
  instance = randomId(),
): Promise<Serving> {
  const accepted: End[] = []
  const accept = (channel: RpcChannel): void => {
    accepted.push(new End(context, channel))
  }
  const listener = await rpc.listen({ name: 'case', instance }, accept, limits)
  context.defer(() => listener.close())
  return { listener, accepted }
}

/** Connects to an endpoint. */
export async function connect(
  context: CaseContext,
  rpc: RpcDriver,
  endpoint: string,
  limits: RpcLimits = LIMITS,
): Promise<End> {
  const { signal } = new AbortController()
  const channel = await context.settled(rpc.connect(endpoint, limits, signal), 'a connection')
  return new End(context, channel)
}

/** Returns the two ends of a new connection. */
export async function connectPair(
  context: CaseContext,
  clientLimits: RpcLimits = LIMITS,
  serverLimits: RpcLimits = LIMITS,
): Promise<{ readonly client: End; readonly server: End; readonly serving: Serving }> {
  const [one, other] = [await context.rpc(), await context.rpc()]
  const serving = await serve(context, one, serverLimits)
  const client = await connect(context, other, serving.listener.endpoint, clientLimits)
  const server = await context.eventually(() => serving.accepted[0], 'the connection is accepted')
  return { client, server, serving }
}

/** Waits until an end has received `count` messages in total; fails if there are more. */
export async function received(
  context: CaseContext,
  end: End,
  count: number,
): Promise<RpcMessage[]> {
  await context.eventually(() => end.messages.length >= count, `${count} messages arrive`)
  assert.equal(end.messages.length, count)
  return end.messages
}

/** Waits for the end of a connection. */
export async function closed(context: CaseContext, end: End): Promise<void> {
  await context.eventually(() => end.closings.length > 0, 'the connection ends')
}
