import { expect, test } from 'vitest'
import { pause } from '../../src/events/pause.js'
import { onAbort } from '../../src/rpc/on-abort.js'

const HOUR_MS = 3_600_000

test('who is told to stop before or during a pause does not wait', async () => {
  await pause(HOUR_MS, AbortSignal.abort())
  const abort = new AbortController()
  const pausing = pause(HOUR_MS, abort.signal)
  abort.abort()
  await pausing
})

test('an abort is heard once, also by one who listens after it, and not by one who stopped', () => {
  const heard: string[] = []
  const abort = new AbortController()
  onAbort(abort.signal, () => heard.push('before'))
  onAbort(abort.signal, () => heard.push('stopped'))()
  abort.abort()
  onAbort(abort.signal, () => heard.push('after'))()
  expect(heard).toEqual(['before', 'after'])
})
