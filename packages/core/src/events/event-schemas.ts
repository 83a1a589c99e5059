import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { describe } from '../base/names/assert-name.js'
import { parseJson } from '../base/validation/parse-json.js'
import { type StandardSchema, validate } from '../base/validation/standard-schema.js'
import type { CreatedRecord } from './contract/event-record.js'
import { schemaError } from './event-filter.js'
import { assertEventType } from './event-pattern.js'

/** Validates schemas by type. @throws TypeError that names the option and the type */
export function resolveSchemas(
  schemas: unknown,
  option = 'schemas',
): ReadonlyMap<string, StandardSchema> {
  if (typeof schemas !== 'object' || schemas === null || Array.isArray(schemas)) {
    throw new TypeError(`${option} must be an object of schemas by type, got ${describe(schemas)}`)
  }
  const resolved = new Map<string, StandardSchema>()
  for (const [type, schema] of Object.entries(schemas)) {
    assertEventType(type)
    const standard = (schema as Partial<StandardSchema> | null | undefined)?.['~standard']
    if (typeof standard?.validate !== 'function') {
      throw new TypeError(`${option}[${JSON.stringify(type)}] must be a Standard Schema`)
    }
    resolved.set(type, schema as StandardSchema)
  }
  return resolved
}

/**
 * Throws unless an event's data, as it is stored, matches the schema; rejects if the schema is asynchronous.
 *
 * @throws CliOpsError `INVALID_MESSAGE`
 */
export function assertMatches(
  schema: StandardSchema | undefined,
  { event: { type }, dataJson }: CreatedRecord,
): void | Promise<void> {
  if (schema === undefined) return undefined
  const validated = validate(schema, parseJson(dataJson))
  const judge = (result: Awaited<typeof validated>): void => {
    if (!result.ok) throw schemaError(type, result.reason)
  }
  if (validated instanceof Promise) return validated.then(judge)
  judge(validated)
  return undefined
}

/**
 * Like {@link assertMatches}, for a caller that cannot wait.
 *
 * @throws CliOpsError `INVALID_MESSAGE`; `UNSUPPORTED` if the schema is asynchronous
 */
export function assertMatchesNow(schema: StandardSchema | undefined, record: CreatedRecord): void {
  const pending = assertMatches(schema, record)
  if (pending === undefined) return
  pending.catch(() => undefined)
  throw new CliOpsError(
    'UNSUPPORTED',
    `the schema of ${describe(record.event.type)} is asynchronous; use await emit()`,
  )
}
