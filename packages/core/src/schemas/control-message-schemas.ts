import * as z from 'zod'

import { rpcIdSchema, rpcNotificationSchema, rpcRequestSchema } from './json-rpc-schemas.js'

/** Asks a server who it is, first thing on a connection. Its result is a pong. */
export const pingSchema = rpcRequestSchema.extend({ method: z.literal('$/ping') })

/** Tells a server that nobody waits for the reply to a request any more. */
export const cancelRequestSchema = rpcNotificationSchema.extend({
  method: z.literal('$/cancelRequest'),
  params: z.looseObject({ id: rpcIdSchema }),
})

/** Tells a client an intermediate value; `token` is the id of its request. */
export const progressSchema = rpcNotificationSchema.extend({
  method: z.literal('$/progress'),
  params: z.looseObject({ token: rpcIdSchema, value: z.unknown() }),
})

/** Tells a client that the server begins no further request on this connection. */
export const closingSchema = rpcNotificationSchema.extend({ method: z.literal('$/closing') })
