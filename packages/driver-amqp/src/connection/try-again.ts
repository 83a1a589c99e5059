import { pause } from '@cli-ops/shared-ipc/driver'
import type { Call } from './amqp-connection.js'
import { LostError } from './open-channel.js'

const PAUSE_MS = 50

/**
 * Repeats work that was lost with its connection, until its caller gives up. Rejects with any other error: asking a
 * broker that refuses again is pointless.
 *
 * @param work receives whether it was tried before
 */
export async function tryAgain<T>(call: Call, work: (isAgain: boolean) => Promise<T>): Promise<T> {
  for (let isAgain = false; ; isAgain = true) {
    try {
      return await work(isAgain)
    } catch (error) {
      // After a loss, an unreachable broker may be back in time.
      if (!(error instanceof LostError) && !(isAgain && isOfSocket(error))) throw error
      await pause(PAUSE_MS)
      if (call.isOver) throw error
    }
  }
}

function isOfSocket(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string'
}
