import type { MaybePromise } from '../base/wait/maybe-promise.js'
import type { StandardSchema } from '../base/validation/standard-schema.js'

/** The second argument of a handler. */
export interface RequestContext {
  /**
   * Aborted when the caller cancels, its deadline passes or its connection ends; the result is then discarded. Also aborted when the
   * server stops waiting at `close()`; a result that the handler then returns immediately is still sent.
   */
  readonly signal: AbortSignal
  readonly client: RequestClient
  /** W3C Trace Context of the caller, if it sent one. */
  readonly traceparent: string | undefined
  /**
   * Sends an intermediate value to a caller that streams; other callers ignore it. Resolves when the next value can be sent without
   * buffering. Never rejects; does nothing after the end of the request.
   *
   * @throws TypeError for a value that is not JSON
   * @throws CliOpsError `MESSAGE_TOO_LARGE`
   */
  progress(value: unknown): Promise<void>
}

/** The connection that a request came over. Its identity cannot be verified beyond "the same user". */
export interface RequestClient {
  /** The number of the connection, counted per server from 1. */
  readonly id: number
}

/** A request whose handler failed, for the server's `onError`. */
export interface FailedRequest {
  readonly method: string
  readonly client: RequestClient
  readonly traceparent: string | undefined
}

/**
 * Answers requests of one method. The returned JSON value is the result; `undefined` becomes `null` on the wire. An exception becomes
 * an error reply with its message and, if that is a string, its `code`; never the stack.
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
  /** Parameters that do not match are refused without calling the handler (JSON-RPC -32602). */
  readonly input?: Input
  /** A result that does not match is not sent: the caller gets an internal error (JSON-RPC -32603). */
  readonly output?: Output
}

/** A handler and its schemas in one object. */
export interface HandlerWithSchemas<
  Input extends StandardSchema | undefined = StandardSchema | undefined,
  Output extends StandardSchema | undefined = StandardSchema | undefined,
> extends HandlerSchemas<Input, Output> {
  readonly handler: RequestHandler<HandlerParams<Input>, HandlerResult<Output>>
}

/** The parameters of a handler with an input schema. */
export type HandlerParams<Input extends StandardSchema | undefined> = Input extends StandardSchema
  ? NonNullable<Input['~standard']['types']>['output']
  : unknown

/** What a handler with an output schema must return. */
export type HandlerResult<Output extends StandardSchema | undefined> = Output extends StandardSchema
  ? NonNullable<Output['~standard']['types']>['input']
  : unknown
