import { assertKnown } from '../base/validation/assert-known.js'
import { closestName } from '../base/names/closest-name.js'
import { assertName, describe } from '../base/names/assert-name.js'
import { assertSchema, validate, type StandardSchema } from '../base/validation/standard-schema.js'
import { RPC_ERROR, type WireError } from './contract/json-rpc.js'
import type { HandlerSchemas, RequestContext, RequestHandler } from './request-handler.js'

/** A request that failed for a reason that is not the handler's own error. */
export class RequestRefused extends Error {
  readonly wireError: WireError

  constructor(wireError: WireError) {
    super(wireError.message)
    this.wireError = wireError
  }
}

/** The methods that answer requests. */
export interface RequestMethods {
  /**
   * Calls a method's handler. Returns its result or a promise of it. Throws or rejects with its error, which is sent to the caller; a
   * {@link RequestRefused} sends its own wire error.
   */
  call(method: string, params: unknown, context: RequestContext): unknown
}

interface Method {
  readonly handler: RequestHandler
  readonly input: StandardSchema | undefined
  readonly output: StandardSchema | undefined
}

/** The methods of a server. A Map, since `constructor` and `__proto__` would be callable on an object. */
export class MethodTable implements RequestMethods {
  readonly #methods = new Map<string, Method>()

  /** @throws TypeError for a reserved name, a second handler of one method, or an invalid schema */
  add(name: string, schemas: HandlerSchemas, handler: RequestHandler): void {
    assertName('method', name)
    if (name.startsWith('$/') || name.startsWith('rpc.'))
      throw new TypeError(`method must not begin with "$/" or "rpc.", got ${JSON.stringify(name)}`)
    if (typeof handler !== 'function')
      throw new TypeError(
        `handler of ${JSON.stringify(name)} must be a function, got ${describe(handler)}`,
      )
    if (this.#methods.has(name))
      throw new TypeError(`method ${JSON.stringify(name)} already has a handler`)
    assertKnown('schemas', schemas, ['input', 'output'])
    const { input, output } = schemas
    assertSchema('input', input)
    assertSchema('output', output)
    this.#methods.set(name, { handler, input, output })
  }

  /** Returns whether the method has a handler. */
  has(name: string): boolean {
    return this.#methods.has(name)
  }

  /** Calls a handler and returns its result, synchronously if everything is synchronous. Throws or rejects with the error. */
  call(name: string, params: unknown, context: RequestContext): unknown {
    const method = this.#methods.get(name)
    if (method === undefined) {
      throw new RequestRefused({
        code: RPC_ERROR.methodNotFound,
        message: `there is no method ${JSON.stringify(name.slice(0, 200))}${this.#hint(name)}`,
      })
    }
    const { handler, input, output } = method
    if (input === undefined && output === undefined) return handler(params, context)
    return callChecked(method, params, context)
  }

  #hint(name: string): string {
    const meant = closestName(name.slice(0, 200), this.#methods.keys())
    return meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`
  }
}

async function callChecked(
  { handler, input, output }: Method,
  params: unknown,
  context: RequestContext,
): Promise<unknown> {
  const data = input === undefined ? params : await checked(input, params, RPC_ERROR.invalidParams)
  const result = await handler(data, context)
  return output === undefined ? result : checked(output, result, RPC_ERROR.internal)
}

async function checked(schema: StandardSchema, value: unknown, code: number): Promise<unknown> {
  const outcome = await validate(schema, value)
  if (outcome.ok) return outcome.value
  const isInput = code === RPC_ERROR.invalidParams
  throw new RequestRefused({
    code,
    message: isInput ? outcome.reason : `the handler returned an invalid result: ${outcome.reason}`,
    data: { code: 'INVALID_MESSAGE' },
  })
}
