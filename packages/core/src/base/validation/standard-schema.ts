import { errorText } from '../errors/error-text.js'
import { describe } from '../names/assert-name.js'
import type { MaybePromise } from '../wait/maybe-promise.js'

/**
 * The part of the Standard Schema interface, version 1, that the kit uses (https://standardschema.dev). zod, valibot, arktype and
 * others implement it. Declared here, as the specification suggests, to avoid a dependency.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => MaybePromise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A list can have an issue for each item, but the reason is one line on stderr and is stored with a parked event. */
const MAX_ISSUES = 10

/** The validated value, or what is wrong with it in one line. */
export type Validated<Output> =
  { readonly ok: true; readonly value: Output } | { readonly ok: false; readonly reason: string }

/**
 * Validates a value; synchronously if the schema is synchronous, as most are. Never throws or rejects: a schema that does so has
 * refused the value.
 */
export function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): MaybePromise<Validated<Output>> {
  try {
    const result = schema['~standard'].validate(value)
    // A promise from another realm or library is not an instance of this Promise.
    if (typeof (result as Partial<PromiseLike<unknown>>).then !== 'function')
      return toValidated(result as SchemaResult<Output>)
    return settle(result as PromiseLike<SchemaResult<Output>>)
  } catch (error) {
    return refused(error)
  }
}

async function settle<Output>(
  result: PromiseLike<SchemaResult<Output>>,
): Promise<Validated<Output>> {
  try {
    return toValidated(await result)
  } catch (error) {
    return refused(error)
  }
}

function toValidated<Output>(result: SchemaResult<Output>): Validated<Output> {
  if (result.issues === undefined) return { ok: true, value: result.value }
  return { ok: false, reason: describeIssues(result.issues) || 'invalid' }
}

function refused(error: unknown): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason: `the schema threw: ${errorText(error)}` }
}

function describeIssues(issues: readonly SchemaIssue[]): string {
  const shown = issues.slice(0, MAX_ISSUES).map(describeIssue)
  if (issues.length > MAX_ISSUES) shown.push(`and ${issues.length - MAX_ISSUES} more`)
  return shown.join('; ')
}

function describeIssue(issue: SchemaIssue): string {
  const path = (issue.path ?? [])
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}

/** Throws a `TypeError` naming the option and the value, unless it is a schema or left out. */
export function assertSchema(option: string, schema: unknown): void {
  if (schema === undefined) return
  // Some libraries' schemas are functions.
  const isHolder = (typeof schema === 'object' && schema !== null) || typeof schema === 'function'
  const standard = isHolder ? (schema as Partial<StandardSchema>)['~standard'] : undefined
  if (typeof standard?.validate === 'function') return
  throw new TypeError(`${option} must be a Standard Schema, got ${describe(schema)}`)
}
