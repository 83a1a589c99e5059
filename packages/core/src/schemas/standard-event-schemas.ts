import * as z from 'zod'

const reference = z.looseObject({ id: z.string() })
const updated = z.looseObject({ id: z.string(), changes: z.record(z.string(), z.unknown()) })
const command = { cli: z.string(), command: z.string(), instance: z.string() }
const lock = {
  resource: z.string(),
  id: z.string().optional(),
  label: z.string().optional(),
  slot: z.string().optional(),
  waitedMs: z.number().nonnegative().optional(),
  heldMs: z.number().nonnegative().optional(),
}
const party = z.looseObject({
  name: z.string(),
  pid: z.number().int().nonnegative(),
  host: z.string(),
  user: z.string(),
  command: z.string().optional(),
})
const lockReleased = z.looseObject({
  ...lock,
  id: z.string(),
  owner: party,
  by: party.optional(),
  exitCode: z.number().int().optional(),
  signal: z.string().optional(),
})
const commandEnded = z.looseObject({
  ...command,
  exitCode: z.number().int(),
  durationMs: z.number().nonnegative(),
  signal: z.string().optional(),
  error: z.looseObject({ name: z.string(), code: z.string().optional() }).optional(),
  lock: z.looseObject(lock).optional(),
})

/**
 * The data of each standard event, by type. Unlisted members pass, so that older consumers accept events from newer emitters.
 *
 * @example
 * ```ts
 * const bus = new EventBus({ schemas: standardEventSchemas })
 * ```
 */
export const standardEventSchemas = {
  'config:changed': z.looseObject({ key: z.string(), value: z.unknown() }),

  'task:created': z.looseObject({ id: z.string(), title: z.string().optional() }),
  'task:updated': updated,
  'task:deleted': reference,

  'item:created': z.looseObject({ id: z.string(), name: z.string().optional() }),
  'item:updated': updated,

  'project:created': z.looseObject({ id: z.string(), name: z.string().optional() }),
  'project:archived': reference,

  'command:started': z.looseObject(command),
  'command:completed': commandEnded,
  // The exit code of a killed process is unknown.
  'command:failed': commandEnded.extend({ exitCode: z.number().int().nullable() }),

  'lock:released': lockReleased,
  'lock:refused': z.looseObject({
    ...lock,
    owner: party,
    code: z.string(),
    skipped: z.boolean().optional(),
    exitCode: z.number().int().optional(),
  }),
  'lock:lost': lockReleased,
  'lock:kept': lockReleased,
  'lock:killed': lockReleased,
  'lock:forced': z.looseObject({ ...lock, id: z.string(), owner: party.optional(), by: party }),
  'run:ended': z.looseObject({
    resource: z.string(),
    lock: z.string(),
    exitCode: z.number().int(),
  }),
}
