import * as z from 'zod'

/** An event as stored: a CloudEvents 1.0 envelope in JSON. Unlisted extensions pass. */
export const storedEventSchema = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  source: z.string().min(1),
  type: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  datacontenttype: z.literal('application/json'),
  data: z.unknown(),
  traceparent: z.string().optional(),
})

/** An event as delivered: the stored one with its cursor. */
export const eventEnvelopeSchema = storedEventSchema.extend({ cursor: z.string() })

/** The record that seals a segment of the event log. */
export const segmentSealSchema = z.strictObject({
  cliops: z.literal('seal'),
  segment: z.number().int().positive(),
})

/** The first record of a segment of the event log. */
export const segmentHeaderSchema = z.looseObject({
  cliops: z.literal('header'),
  version: z.literal(1),
  segment: z.number().int().positive(),
  startedAt: z.number(),
  previousEnd: z.number().int().nonnegative().optional(),
})

/** The file with the cursor of a durable group. */
export const groupCursorSchema = z.looseObject({
  group: z.string().min(1),
  cursor: z.string().regex(/^[1-9]\d*:\d+$/u),
})

/** The first line of the file that counts a group's attempts: the number by cursor. */
export const groupAttemptsSchema = z.record(
  z.string().regex(/^[1-9]\d*:\d+$/u),
  z.number().int().positive(),
)

/** The file of an event that a group has parked. */
export const parkedEventSchema = z.looseObject({
  group: z.string().min(1),
  attempts: z.number().int().positive(),
  error: z.string(),
  parkedAt: z.iso.datetime({ offset: true }),
  event: eventEnvelopeSchema,
})
