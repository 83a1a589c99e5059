import type { MaybePromise } from '../base/wait/maybe-promise.js'
import type { StandardSchema } from '../base/validation/standard-schema.js'

/** The second argument of a handler. */
export interface RequestContext {
  /**
   * Aborted when the caller cancels, its deadline passes or its connection ends: the result is then discarded. Also aborted when the
   * server gives up waiting at `close()`: what the handler answers at once is still sent.
   */
  readonly signal: AbortSignal
  readonly client: RequestClient
  /** W3C Trace Context of the caller, where it sent one. */
  readonly traceparent: string | undefined
  /**
   * Sends an intermediate value to a caller that streams; others ignore it. Resolves when the next value can be sent without
   * buffering. Never rejects; after the end of the request it does nothing.
   *
   * @throws TypeError for a value that is no JSON
   * @throws CliOpsError `MESSAGE_TOO_LARGE`
   */
  progress(value: unknown): Promise<void>
}

/** The connection a request came over. Its identity cannot be verified beyond "the same user". */
export interface RequestClient {
  /** Counts the connections of a server, from 1. */
  readonly id: number
}

/** A request whose handler failed, for the server's `onError`. */
export interface FailedRequest {
  readonly method: string
  readonly client: RequestClient
  readonly traceparent: string | undefined
}

/**
 * Answers requests of one method. The returned JSON value is the result, `undefined` being `null` on the wire. A throw is
 * an error reply with the message and, where it is a string, the `code` of the error; never the stack.
 */
export type RequestHandler<Params = unknown, Result = unknown> = (
  data: Params,
  context: RequestContext,
) => MaybePromise<Result>

/** Schemas of one method: any library that implements Standard Schema. */
export interface HandlerSchemas<
  Input extends StandardSchema | undefined = StandardSchema | undefined,
  Output extends StandardSchema | undefined = StandardSchema | undefined,
> {
  /** Parameters that do not match are refused before the handler is called (JSON-RPC -32602). */
  readonly input?: Input
  /** A result that does not match is not sent: the caller gets an internal error (JSON-RPC -32603). */
  readonly output?: Output
}

/** The parameters of a handler with an input schema. */
export type HandlerParams<Input extends StandardSchema | undefined> = Input extends StandardSchema
  ? NonNullable<Input['~standard']['types']>['output']
  : unknown

/** What a handler with an output schema must return. */
export type HandlerResult<Output extends StandardSchema | undefined> = Output extends StandardSchema
  ? NonNullable<Output['~standard']['types']>['input']
  : unknown
