import { CarriedChannel } from '../../driver-kit/carried-channel.js'
import { parseJson } from '../../base/validation/parse-json.js'
import type { RpcLimits } from '../../rpc/contract/rpc-driver.js'

/** One end of a connection inside this process. Messages travel as JSON text, so the ends share no objects. */
export class MemoryChannel extends CarriedChannel {
  #peer: MemoryChannel | undefined

  /** Creates the two ends of a connection, each with the limits of its own side. */
  static pair(a: RpcLimits, b: RpcLimits): [MemoryChannel, MemoryChannel] {
    const ends: [MemoryChannel, MemoryChannel] = [new MemoryChannel(a), new MemoryChannel(b)]
    ends[0].#peer = ends[1]
    ends[1].#peer = ends[0]
    return ends
  }

  // A connection inside the process does not keep it alive; the timers of pending requests do.
  override ref(): void {
    return undefined
  }

  protected postMessages(jsons: readonly string[]): void {
    for (const json of jsons) this.#peer?.take(Buffer.byteLength(json), () => parseJson(json))
  }

  protected postRead(count: number): void {
    this.#peer?.onRead(count)
  }

  protected postClose(error?: Error): void {
    this.#peer?.onPeerClose(error?.message)
  }

  protected posted(): Promise<void> {
    return Promise.resolve()
  }

  protected forget(): void {
    return undefined
  }
}
