import { expect, onTestFinished, test } from 'vitest'

import { CliOpsError } from '../../src/base/errors/cli-ops-error.js'
import { GroupReader, type GroupElection } from '../../src/driver-kit/group-reader.js'
import type { EventReader } from '../../src/events/contract/event-driver.js'

/** Reads a log without events. */
function emptyReader(): EventReader {
  const closing = new AbortController()
  return {
    ready: Promise.resolve(),
    position: undefined,
    poll: () => undefined,
    wait: (signal) => pause(AbortSignal.any([signal, closing.signal])),
    commit: () => undefined,
    close: () => closing.abort(new CliOpsError('CLOSED', 'the reader was closed')),
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
}

test.each([
  ['that passes', 'STORAGE_FAILED', true],
  ['that stays', 'FORBIDDEN', false],
] as const)(
  'a reader that lost its turn reports an error %s at the next election, and stands by again',
  async (_name, code, retryable) => {
    let elections = 0
    let lose = (): void => undefined
    const election: GroupElection = {
      join: () => Promise.resolve(),
      takeOver: () => {
        elections += 1
        if (elections === 2) return Promise.reject(new CliOpsError(code, 'not now'))
        const reader = emptyReader()
        return Promise.resolve({
          reader,
          isHeld: () => true,
          onLost: (listener: () => void) => (lose = listener),
          commit: () => Promise.resolve(),
          release: () => undefined,
        })
      },
      end: () => undefined,
    }
    const group = new GroupReader('g', election)
    onTestFinished(() => group.close())
    await group.ready
    const { signal } = new AbortController()
    const waiting = group.wait(signal)
    lose()
    await expect(waiting).rejects.toMatchObject({ code, retryable })
    const ending = new AbortController()
    const again = group.wait(ending.signal)
    await expect.poll(() => elections).toBe(3)
    ending.abort(new Error('enough'))
    await expect(again).rejects.toThrow('enough')
  },
)
