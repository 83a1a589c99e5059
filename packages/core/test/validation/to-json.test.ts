import { expect, test } from 'vitest'

import { toJson } from '../../src/validation/to-json.js'

const cycle: Record<string, unknown> = {}
cycle['self'] = cycle

test.each([
  ['undefined', undefined, 'data must be JSON, got undefined'],
  ['a bigint', { list: [1, 2n] }, 'data.list[1] must be JSON, got a bigint'],
  ['a function', { run: () => undefined }, 'data.run must be JSON, got a function'],
  ['a symbol', [Symbol('x')], 'data[0] must be JSON, got a symbol'],
  ['NaN', { n: NaN }, 'data.n must be JSON, got NaN'],
  ['infinity', -Infinity, 'data must be JSON, got -Infinity'],
  ['a Map', { m: new Map() }, 'data.m must be JSON, got a Map'],
  ['a Set', new Set(), 'data must be JSON, got a Set'],
  [
    'what says of itself that it is nothing',
    { toJSON: () => undefined },
    'data must be JSON, got undefined',
  ],
  ['a cycle', cycle, 'must be JSON, got a cycle or more than 200 levels'],
])('refuses %s and names the place', (_what, value, message) => {
  expect(() => toJson('data', value)).toThrow(new TypeError(message).message)
})

test.each([
  [null, 'null'],
  ['text', '"text"'],
  [[1, [true]], '[1,[true]]'],
  [{ a: undefined, b: 1 }, '{"b":1}'],
  [{ a: { toJSON: () => undefined }, b: 1 }, '{"b":1}'],
  [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
  [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
])('writes %j', (value, json) => {
  expect(toJson('data', value)).toBe(json)
})
