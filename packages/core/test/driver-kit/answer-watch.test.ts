import { setImmediate as turn } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { AnswerWatch } from '../../src/driver-kit/answer-watch.js'

/** Returns a connection, its fate, and a call on it that is answered on demand. */
function watched() {
  const became: string[] = []
  const watch = new AnswerWatch({
    leave: () => became.push('left'),
    end: () => became.push('ended'),
  })
  const call = (timeoutMs: number) => {
    let resolve = (): void => undefined
    const promise = new Promise<void>((settle) => (resolve = settle))
    const giveUp = watch.follow(promise, timeoutMs)
    const answer = (): void => {
      watch.heard()
      resolve()
    }
    return { promise, giveUp, answer }
  }
  return { became, watch, call }
}

test('keeps a connection that answers', async () => {
  const { became, call } = watched()
  const { promise, giveUp, answer } = call(60_000)
  answer()
  await promise
  giveUp()
  expect(became).toEqual([])
})

test('leaves a silent connection, and ends it with its last call', async () => {
  const { became, call } = watched()
  const [first, second] = [call(60_000), call(60_000)]
  first.giveUp()
  expect(became).toEqual(['left'])
  second.answer()
  await turn()
  expect(became).toEqual(['left'])
  first.answer()
  await expect.poll(() => became).toEqual(['left', 'ended'])
})

test('leaves a connection when a call times out, even if nothing reports it', async () => {
  const { became, call } = watched()
  call(1)
  await expect.poll(() => became).toEqual(['left', 'ended'])
})

test('counts any data received since a call as an answer, whichever call it was for', () => {
  const { became, watch, call } = watched()
  const { giveUp } = call(60_000)
  watch.heard()
  giveUp()
  expect(became).toEqual([])
})
