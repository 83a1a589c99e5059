import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'

import { toJson, toPlain } from '../../../src/base/validation/to-json.js'

const cycle: Record<string, unknown> = {}
cycle['self'] = cycle

class Hidden {
  readonly #value = 1
  get value(): number {
    return this.#value
  }
}

class Task {
  readonly id = '1'
  get title(): string {
    return this.id
  }
}

test.each([
  ['undefined', undefined, 'data must be JSON, got undefined'],
  ['a bigint', { list: [1, 2n] }, 'data.list[1] must be JSON, got a bigint'],
  ['a function', { run: () => undefined }, 'data.run must be JSON, got a function'],
  ['a symbol', [Symbol('x')], 'data[0] must be JSON, got a symbol'],
  ['NaN', { n: NaN }, 'data.n must be JSON, got NaN'],
  ['infinity', -Infinity, 'data must be JSON, got -Infinity'],
  ['a Map', { m: new Map() }, 'data.m must be JSON, got a Map'],
  ['a Set', new Set(), 'data must be JSON, got a Set'],
  ['an Error', { error: new Error('x') }, 'data.error must be JSON, got an Error, which'],
  ['a class of errors', [new TypeError('x')], 'data[0] must be JSON, got an Error, which'],
  [
    'a forgotten await',
    { rows: Promise.resolve(1) },
    'data.rows must be JSON, got a Promise that was not awaited',
  ],
  ['search parameters', { q: new URLSearchParams('a=1') }, 'data.q must be JSON, got an URLSearch'],
  ['a regular expression', { a: [/x/u] }, 'data.a[0] must be JSON, got a RegExp, which'],
  ['an invalid date', { at: new Date(NaN) }, 'data.at must be JSON, got an invalid date'],
  ['a typed array', { bytes: new Uint8Array(2) }, 'data.bytes must be JSON, got an Uint8Array'],
  ['a buffer of bytes', new ArrayBuffer(2), 'data must be JSON, got an ArrayBuffer'],
  ['a boxed number', { n: Object(1) as unknown }, 'data.n must be JSON, got a Number'],
  ['a WeakMap', { w: new WeakMap() }, 'data.w must be JSON, got a WeakMap'],
  ['a generator', { g: (function* () {})() }, 'data.g must be JSON, got a Generator'],
  [
    'a class that hides all it holds',
    { c: new Hidden() },
    'data.c must be JSON, got a Hidden, which',
  ],
  ['a hole in a list', [1, , 2], 'data[1] must be JSON, got undefined'], // eslint-disable-line no-sparse-arrays
  [
    'what a toJSON says',
    { a: { toJSON: () => ({ b: new Map() }) } },
    'data.a.b must be JSON, got a',
  ],
  ['a toJSON that says NaN', { a: { toJSON: () => NaN } }, 'data.a must be JSON, got NaN'],
  [
    'a toJSON that says nothing in a list',
    [{ toJSON: () => undefined }],
    'data[0] must be JSON, got undefined',
  ],
  [
    'a toJSON that throws',
    {
      a: {
        toJSON: () => {
          throw new Error('no')
        },
      },
    },
    'data.a must be JSON, got an error: no',
  ],
  [
    'a getter that throws',
    {
      get a(): never {
        throw Object.create(null) as Error
      },
    },
    'data.a must be JSON, got an error: a value that cannot be printed',
  ],
  [
    'what says of itself that it is nothing',
    { toJSON: () => undefined },
    'data must be JSON, got undefined',
  ],
  ['a cycle', cycle, 'must be JSON, got a cycle or more than 200 levels'],
  ['a cycle, with the beginning of its path', cycle, `data${'.self'.repeat(20)}… must be JSON`],
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
  [new Task(), '{"id":"1"}'],
  [Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
  [runInNewContext('({ a: [1, { b: 2 }] })'), '{"a":[1,{"b":2}]}'],
  [{ at: new URL('http://a/') }, '{"at":"http://a/"}'],
  [Buffer.from('a'), '{"type":"Buffer","data":[97]}'],
  [
    [{ toJSON: (key: string) => `at ${key}` }, { a: { toJSON: (key: string) => [key] } }],
    '["at 0",{"a":["a"]}]',
  ],
  [
    { toJSON: () => ({ toJSON: 'no function', nested: new Date(0) }) },
    '{"toJSON":"no function","nested":"1970-01-01T00:00:00.000Z"}',
  ],
])('writes %j', (value, json) => {
  expect(toJson('data', value)).toBe(json)
})

test('calls each toJSON once', () => {
  let asked = 0
  const value = { list: [{ toJSON: () => (asked += 1) }] }
  expect(toJson('data', value)).toBe('{"list":[1]}')
  expect(asked).toBe(1)
})

test('does not copy a value without toJSON; a copy creates no prototype', () => {
  const plain = { a: [1] }
  expect(toPlain('data', plain)).toBe(plain)
  const hostile = JSON.parse('{"__proto__":{"x":1}}') as object
  const copy = toPlain('data', { ...hostile, hostile, at: new Date(0) }) as { hostile: object }
  expect(Object.getPrototypeOf(copy.hostile)).toBe(Object.prototype)
  expect(copy).toEqual({ hostile: {}, at: '1970-01-01T00:00:00.000Z' })
})
