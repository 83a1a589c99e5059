import { expect, test } from 'vitest'

import { findClockOff } from '../../src/driver-kit/find-clock-off.js'

test.each([
  [-60_000, ['the clock of the server is 60 s behind this machine']],
  [0, []],
  [60_000, ['the clock of the server is 60 s ahead of this machine']],
])('a clock that is %i ms off', async (offMs, expected) => {
  const found = await findClockOff(() => Promise.resolve(Date.now() + offMs))
  expect(found.map(({ problem }) => problem.split("'")[0])).toEqual(expected)
})
