import * as z from 'zod'

const lockRule = z.strictObject({
  resource: z.string().min(1),
  mode: z.enum(['exclusive', 'shared']).optional(),
  timeoutMs: z.number().nonnegative().optional(),
  onBusy: z.enum(['wait', 'fail', 'skip', 'join', 'replace']).optional(),
  graceMs: z.number().nonnegative().optional(),
  label: z.string().min(1).optional(),
  queue: z.enum(['all', 'latest']).optional(),
  slots: z
    .union([z.int().min(1).max(1000), z.array(z.string().min(1).max(200)).min(1).max(1000)])
    .optional(),
})

const commandRule = z.strictObject({
  lock: z.union([z.string().min(1), lockRule]).optional(),
  emits: z.string().min(1).optional(),
})

const rateLimit = z.strictObject({
  max: z.int().positive(),
  perMs: z.int().positive(),
  burst: z.int().positive().optional(),
  onLimit: z.enum(['reject', 'drop', 'queue']).optional(),
})

const primitiveUrls = z.strictObject({
  locks: z.string().optional(),
  events: z.string().optional(),
  registry: z.string().optional(),
  rpc: z.string().optional(),
})

/**
 * The options of one CLI in `config.json`. Misspelt options, and those that only the CLI's code can set, are refused: otherwise a rule
 * would silently have no effect.
 */
const cliConfig = z.strictObject({
  namespace: z.string().optional(),
  url: z.union([z.string(), primitiveUrls]).optional(),
  disabled: z.boolean().optional(),
  lifecycleEvents: z.boolean().optional(),
  rateLimit: z.union([z.literal(false), rateLimit]).optional(),
  commands: z.record(z.string(), commandRule).optional(),
})

/** The home's `config.json`: options by CLI name, and the modules of third-party drivers by scheme. */
export const homeConfigSchema = z.looseObject({
  clis: z.record(z.string(), cliConfig).optional(),
  drivers: z.record(z.string().regex(/^[a-z][a-z0-9+.-]*$/u), z.string().min(1)).optional(),
})
