import * as z from 'zod'

import { rpcIdSchema, rpcNotificationSchema, rpcRequestSchema } from './json-rpc-schemas.js'

/** The first request on a connection, which asks the server to identify itself. Its result is a pong. */
export const pingSchema = rpcRequestSchema.extend({ method: z.literal('$/ping') })

/** Tells a server that the caller no longer waits for a reply. */
export const cancelRequestSchema = rpcNotificationSchema.extend({
  method: z.literal('$/cancelRequest'),
  params: z.looseObject({ id: rpcIdSchema }),
})

/** Sends a client an intermediate value; `token` is the id of its request. */
export const progressSchema = rpcNotificationSchema.extend({
  method: z.literal('$/progress'),
  params: z.looseObject({ token: rpcIdSchema, value: z.unknown() }),
})

/** Tells a client that the server starts no further requests on this connection. */
export const closingSchema = rpcNotificationSchema.extend({ method: z.literal('$/closing') })

/** Requests a server's running and recent requests; `after` leaves out that many ended ones. */
export const requestsSchema = rpcRequestSchema.extend({
  method: z.literal('$/requests'),
  params: z.looseObject({ after: z.int().nonnegative().optional() }).optional(),
})

/** The answer to `$/requests`. */
export const requestReportSchema = z.looseObject({
  ended: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  running: z.array(
    z.looseObject({ method: z.string(), client: z.int(), forMs: z.number().nonnegative() }),
  ),
  recent: z.array(
    z.looseObject({
      number: z.int().positive(),
      method: z.string(),
      client: z.int(),
      endedMsAgo: z.number().nonnegative(),
      durationMs: z.number().nonnegative(),
      outcome: z.enum(['answered', 'failed', 'cancelled', 'expired']),
    }),
  ),
})
