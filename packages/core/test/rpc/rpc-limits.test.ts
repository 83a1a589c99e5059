import { expect, test } from 'vitest'

import { resolveLimits } from '../../src/rpc/rpc-limits.js'

const LARGEST = Number.MAX_SAFE_INTEGER

test('a limit that was not given follows the one that was, and is never the one that is wrong', () => {
  expect(resolveLimits({ maxMessageBytes: LARGEST })).toEqual({
    maxMessageBytes: LARGEST,
    maxUnreadBytes: LARGEST,
  })
  expect(resolveLimits({ maxMessageBytes: 2 ** 22 }).maxUnreadBytes).toBe(2 ** 24)
  expect(() => resolveLimits({ maxMessageBytes: LARGEST + 1 })).toThrow(/^maxMessageBytes must/u)
  expect(() => resolveLimits({ maxUnreadBytes: 1 })).toThrow(/^maxUnreadBytes must/u)
})
