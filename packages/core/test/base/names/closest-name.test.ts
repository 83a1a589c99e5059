import { expect, test } from 'vitest'

import { closestName } from '../../../src/base/names/closest-name.js'

test.each([
  ['syn', ['build', 'sync'], 'sync'],
  ['sycn', ['scan', 'sync'], 'sync'],
  ['SYNC', ['build', 'sync'], 'sync'],
  ['tsk add', ['task add', 'task remove'], 'task add'],
  ['task ad', ['task', 'task add'], 'task add'],
  ['cli', ['clis'], 'clis'],
  ['chekly', ['checkly', 'eas'], 'checkly'],
  ['lok', ['lock', 'emits'], 'lock'],
  // A short name may differ in one letter only.
  ['a', ['b'], undefined],
  ['up', ['op', 'rm'], 'op'],
  ['deploy', ['build', 'sync'], undefined],
  ['', ['x'], undefined],
  ['x', [], undefined],
])('the closest name to %j among %j is %j', (given, names, meant) => {
  expect(closestName(given, names)).toBe(meant)
})
