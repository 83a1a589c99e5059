import { EventBus, type StandardSchema } from '@cli-ops/shared-ipc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { parseJson } from '../../../src/base/validation/parse-json.js'
import { toJson } from '../../../src/base/validation/to-json.js'
import { type Shape, shapes, toArktype, toValibot, toZod, valuesOf } from './schema-shapes.js'

const RUNS = 350
const VALUES_EACH = 10

const LIBRARIES: readonly (readonly [string, (shape: Shape) => StandardSchema])[] = [
  ['zod', toZod],
  ['valibot', toValibot],
  ['arktype', toArktype],
]

describe.each(LIBRARIES)('with schemas of %s', (_name, toSchema) => {
  test('an accepted event reaches the handler once, as its schema makes it', async () => {
    let accepted = 0
    let refused = 0
    const cases = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.array(valuesOf(shape), { minLength: VALUES_EACH, maxLength: VALUES_EACH }),
      ),
    )
    await fc.assert(
      fc.asyncProperty(cases, async ([shape, values]) => {
        const schema = toSchema(shape)
        await using bus = new EventBus({ inMemory: true, rateLimit: false, schemas: { a: schema } })
        const heard: unknown[] = []
        const failures: unknown[] = []
        bus.on('a', (...args) => heard.push(args[0]), { onError: (error) => failures.push(error) })
        const expected: unknown[] = []
        for (const value of values) {
          try {
            await bus.emit('a', value)
          } catch (error) {
            // Either JSON could not keep it, or its schema refuses it.
            expect((error as { code?: string }).code ?? (error as Error).name).toMatch(
              /^(?:INVALID_MESSAGE|TypeError)$/u,
            )
            refused += 1
            continue
          }
          accepted += 1
          const stored = parseJson(toJson('data', value ?? null))
          const result = await schema['~standard'].validate(stored)
          expect(result.issues).toBeUndefined()
          expected.push((result as { value: unknown }).value)
        }
        expect(failures).toEqual([])
        expect(heard).toEqual(expected)
      }),
      { numRuns: RUNS },
    )
    // Otherwise the property would hold vacuously.
    expect(accepted).toBeGreaterThan(RUNS)
    expect(refused).toBeGreaterThan(RUNS)
  })
})

const KEYS = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'length'),
)

const ANYTHING = fc.anything({
  key: KEYS,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
})

test('data is stored whole, or refused', () => {
  let stored = 0
  fc.assert(
    fc.property(ANYTHING, (value) => {
      const kept = keptOf(value)
      if (kept === NOTHING) {
        expect(() => toJson('data', value)).toThrow(TypeError)
        return
      }
      stored += 1
      expect(parseJson(toJson('data', value))).toEqual(kept)
    }),
    { numRuns: 10_000 },
  )
  expect(stored).toBeGreaterThan(1000)
})

test('no other code sees what a handler does to its data, or an emitter to its own afterwards', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(KEYS, fc.jsonValue()), async (generated) => {
      const kept = keptOf(generated)
      // The generated value belongs to fast-check.
      const value = structuredClone(generated)
      await using bus = new EventBus<Record<string, object>>({ inMemory: true, rateLimit: false })
      const heard: unknown[] = []
      bus.on('a', (...args) => {
        ruin(args[0])
      })
      bus.on('a', (...args) => heard.push(structuredClone(args[0])))
      const emitted = bus.emit('a', value)
      ruin(value)
      await emitted
      const [read] = await bus.read('a', { from: 'earliest' })
      expect([...heard, read?.data]).toEqual([kept, kept])
    }),
    { numRuns: 1000 },
  )
})

const NOTHING = Symbol('JSON cannot keep it')

/**
 * Returns what JSON keeps of a value, computed independently of the kit: an object's defined members, and everything
 * else whole or not at all.
 */
function keptOf(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  // -0 is parsed as 0.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : NOTHING
  if (typeof value !== 'object') return NOTHING
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? NOTHING : value.toISOString()
  if (Array.isArray(value)) {
    const kept = Array.from(value as unknown[], keptOf)
    return kept.includes(NOTHING) ? NOTHING : kept
  }
  const prototype = Object.getPrototypeOf(value) as unknown
  if (prototype !== null && prototype !== Object.prototype) return NOTHING
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  const kept = members.map(([key, member]) => [key, keptOf(member)] as const)
  if (kept.some(([, member]) => member === NOTHING)) return NOTHING
  // Readers drop members of this name.
  return Object.fromEntries(kept.filter(([key]) => key !== '__proto__'))
}

/** Changes everything that can be changed. */
function ruin(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    ruin(member)
    delete (value as Record<string, unknown>)[key]
  }
  Object.assign(value, { ruined: true })
}
