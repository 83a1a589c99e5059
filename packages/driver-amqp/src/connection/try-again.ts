import { pause } from '@cli-ops/shared-ipc/driver'
import type { Call } from './amqp-connection.js'
import { LostError } from './open-channel.js'

const PAUSE_MS = 50

/**
 * Does work again that was lost with its connection, as long as somebody waits for it. Rejects with any other error: asking a
 * broker that refuses again is of no use.
 *
 * @param work is told whether it was tried before
 */
export async function tryAgain<T>(call: Call, work: (isAgain: boolean) => Promise<T>): Promise<T> {
  for (let isAgain = false; ; isAgain = true) {
    try {
      return await work(isAgain)
    } catch (error) {
      // Once it was lost, a broker that cannot be reached is one that may be back in time.
      if (!(error instanceof LostError) && !(isAgain && isOfSocket(error))) throw error
      await pause(PAUSE_MS)
      if (call.isOver) throw error
    }
  }
}

function isOfSocket(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string'
}
