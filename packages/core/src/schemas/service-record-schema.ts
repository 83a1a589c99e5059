import * as z from 'zod'

/** The content of a service's file in the registry. */
export const serviceRecordSchema = z.looseObject({
  name: z.string().min(1),
  instance: z.string().min(1),
  pid: z.number().int().nonnegative(),
  version: z.string().optional(),
  /** Milliseconds since the epoch. */
  startedAt: z.number().int(),
  /** Socket path, pipe or URL. */
  endpoint: z.string().optional(),
  /** The commands in progress. */
  commands: z
    .array(
      z.object({
        command: z.string(),
        startedAt: z.number().int(),
        endId: z.string(),
        lock: z.object({ resource: z.string(), label: z.string().optional() }).optional(),
      }),
    )
    .readonly()
    .optional(),
  /** The metadata passed to `register`. */
  metadata: z.record(z.string(), z.unknown()),
})
