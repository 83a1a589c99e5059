import * as z from 'zod'

const jsonrpc = z.literal('2.0')

/** The id of a request and its reply. */
export const rpcIdSchema = z.union([
  z.string().max(1024),
  // Beyond 2^53 the parsed number differs from the one sent.
  z.number().refine((id) => !Number.isInteger(id) || Number.isSafeInteger(id)),
  z.null(),
])

/** A notification, which is not answered. */
export const rpcNotificationSchema = z.looseObject({
  jsonrpc,
  id: z.undefined().optional(),
  method: z.string(),
  params: z.unknown().optional(),
  traceparent: z.string().nullish(),
})

/** A request. `timeoutMs` and `traceparent` are the kit's additions to JSON-RPC 2.0. */
export const rpcRequestSchema = z.looseObject({
  jsonrpc,
  id: rpcIdSchema,
  method: z.string(),
  params: z.unknown().optional(),
  /** Milliseconds that the caller still waits, counted from the send. */
  timeoutMs: z.number().nonnegative().nullish(),
  /** W3C Trace Context of the caller. */
  traceparent: z.string().nullish(),
})

/** The `error` member of a reply. */
export const rpcErrorSchema = z.looseObject({
  code: z.number().int(),
  message: z.string(),
  data: z.unknown().optional(),
})

/** The `data` of an error that has its own code, such as a `CliOpsError`. */
export const rpcErrorDataSchema = z.looseObject({
  code: z.string(),
  details: z.unknown().optional(),
})

const result = z.looseObject({ jsonrpc, id: rpcIdSchema, result: z.unknown() })
const failure = z.looseObject({ jsonrpc, id: rpcIdSchema, error: rpcErrorSchema })

/** A reply: a result or an error. */
export const rpcReplySchema = z.union([failure, result])

/** A message, or a batch of 1 to 1000. */
export const rpcMessageSchema = z.union([
  rpcRequestSchema,
  rpcNotificationSchema,
  rpcReplySchema,
  z
    .array(z.union([rpcRequestSchema, rpcNotificationSchema, rpcReplySchema]))
    .min(1)
    .max(1000),
])

/** The `result` of `$/ping`, which starts a connection. */
export const pongSchema = z.looseObject({
  name: z.string().min(1),
  instance: z.string().min(1),
  pid: z.number().int(),
  maxMessageBytes: z.number().int().positive(),
})
