import { expect, test } from 'vitest'

import { toServiceInfo } from '../../../src/registry/contract/service-info.js'

const record = { name: 'cli', instance: '0af765191cd4', pid: 1, startedAt: 0 }

test('metadata can neither forge the kit’s fields nor replace missing ones', () => {
  const metadata = {
    name: 'forged',
    pid: 2,
    state: 'x',
    version: '9',
    endpoint: '/x',
    color: 'red',
  }
  expect(toServiceInfo({ ...record, metadata }, 'live')).toEqual({
    ...record,
    startedAt: new Date(0),
    state: 'live',
    color: 'red',
  })
})

test('a member called __proto__ stays a member', () => {
  const metadata = JSON.parse('{"__proto__":{"polluted":1},"color":"red"}') as object
  const info = toServiceInfo({ ...record, metadata: { ...metadata } }, 'live')
  expect(Object.getPrototypeOf(info)).toBe(Object.prototype)
  expect(Object.hasOwn(info, '__proto__')).toBe(true)
})
