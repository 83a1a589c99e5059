import { type Type, type } from 'arktype'
import fc from 'fast-check'
import * as v from 'valibot'
import { z } from 'zod'

/** A schema, before it is written for one of the libraries. */
export type Shape =
  | { readonly is: 'string' | 'number' | 'boolean' | 'null' | 'date' | 'parsed date' | 'default' }
  | { readonly is: 'array'; readonly of: Shape }
  | { readonly is: 'either'; readonly of: readonly [Shape, Shape] }
  | {
      readonly is: 'object'
      readonly of: Readonly<Record<string, Shape>>
      readonly optional: string
    }

const KEYS = ['a', 'b', 'c', 'd']

/** Shapes of a few levels. Once stored, a date is no longer a date, but a date parsed from its text is. */
export const shapes: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.record({
      is: fc.constantFrom(
        ...(['string', 'number', 'boolean', 'null', 'date', 'parsed date', 'default'] as const),
      ),
    }),
    fc.record({ is: fc.constant('array' as const), of: tie('shape') }),
    fc.record({ is: fc.constant('either' as const), of: fc.tuple(tie('shape'), tie('shape')) }),
    fc.record({
      is: fc.constant('object' as const),
      of: fc.dictionary(fc.constantFrom(...KEYS), tie('shape'), { minKeys: 1, maxKeys: 3 }),
      optional: fc.constantFrom(...KEYS),
    }),
  ),
})).shape

/** Values that a shape describes, and values that look like it before or after they are stored. */
export function valuesOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.is) {
    case 'string':
      return fc.oneof(fc.string(), fc.date({ noInvalidDate: true }))
    case 'number':
      return fc.oneof(fc.double(), fc.integer(), fc.constant(-0))
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'date':
      return fc.date()
    case 'parsed date':
      return fc.oneof(
        fc.date({ noInvalidDate: true }),
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      )
    case 'default':
      return fc.oneof(fc.constant(undefined), fc.string())
    case 'array':
      return fc.oneof(
        fc.array(valuesOf(shape.of), { maxLength: 3 }),
        fc.set(valuesOf(shape.of)).map((values) => new Set(values)),
      )
    case 'either':
      return fc.oneof(...shape.of.map(valuesOf))
    case 'object':
      return objectsOf(shape)
  }
}

function objectsOf({ of, optional }: Extract<Shape, { is: 'object' }>): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries(of).map(([key, shape]) => [
      key,
      key === optional ? fc.option(valuesOf(shape), { nil: undefined }) : valuesOf(shape),
    ]),
  )
  const objects = fc.record(members)
  return fc.oneof(
    { weight: 4, arbitrary: objects },
    { weight: 1, arbitrary: objects.map((value) => ({ toJSON: () => value })) },
    { weight: 1, arbitrary: objects.map((value) => new Map(Object.entries(value))) },
    { weight: 1, arbitrary: objects.map((value) => Object.assign(new Instance(), value)) },
    { weight: 1, arbitrary: objects.map((value) => ({ ...value, left: undefined })) },
  )
}

class Instance {
  get computed(): number {
    return 1
  }
}

export function toZod(shape: Shape): z.ZodType {
  switch (shape.is) {
    case 'string':
      return z.string()
    case 'number':
      return z.number()
    case 'boolean':
      return z.boolean()
    case 'null':
      return z.null()
    case 'date':
      return z.date()
    case 'parsed date':
      return z.coerce.date()
    case 'default':
      return z.string().default('given')
    case 'array':
      return z.array(toZod(shape.of))
    case 'either':
      return z.union([toZod(shape.of[0]), toZod(shape.of[1])])
    case 'object':
      return z.strictObject(mapMembers(shape, toZod, (member) => member.optional()))
  }
}

export function toValibot(shape: Shape): v.GenericSchema {
  switch (shape.is) {
    case 'string':
      return v.string()
    case 'number':
      return v.number()
    case 'boolean':
      return v.boolean()
    case 'null':
      return v.null()
    case 'date':
      return v.date()
    case 'parsed date':
      return v.pipe(
        v.string(),
        v.isoTimestamp(),
        v.transform((text) => new Date(text)),
      )
    case 'default':
      return v.optional(v.string(), 'given')
    case 'array':
      return v.array(toValibot(shape.of))
    case 'either':
      return v.union([toValibot(shape.of[0]), toValibot(shape.of[1])])
    case 'object':
      return v.strictObject(mapMembers(shape, toValibot, (member) => v.optional(member)))
  }
}

export function toArktype(shape: Shape): Type {
  switch (shape.is) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return type(shape.is)
    case 'date':
      return type('Date')
    case 'parsed date':
      return type('string.date.iso.parse')
    case 'default':
      return type('string')
    case 'array':
      return toArktype(shape.of).array()
    case 'either':
      return eitherOf(toArktype(shape.of[0]), toArktype(shape.of[1]))
    case 'object': {
      const members = Object.entries(shape.of).map(([key, member]) => [
        key === shape.optional ? `${key}?` : key,
        toArktype(member),
      ])
      return type({ '+': 'reject', ...Object.fromEntries(members) } as never)
    }
  }
}

/** arktype refuses unions if it cannot tell which side transforms a value. */
function eitherOf(one: Type, other: Type): Type {
  try {
    return one.or(other)
  } catch {
    return one
  }
}

function mapMembers<Schema>(
  { of, optional }: Extract<Shape, { is: 'object' }>,
  toSchema: (shape: Shape) => Schema,
  toOptional: (schema: Schema) => Schema,
): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(of).map(([key, shape]) => {
      const schema = toSchema(shape)
      return [key, key === optional ? toOptional(schema) : schema]
    }),
  )
}
