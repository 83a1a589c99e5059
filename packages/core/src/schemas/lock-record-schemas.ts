import * as z from 'zod'

const lockMode = z.enum(['exclusive', 'shared'])
const millisecondsSinceEpoch = z.number().nonnegative()

/** The process, in holders' files and tickets. */
const owner = {
  id: z.string().min(1),
  resource: z.string().min(1),
  mode: lockMode,
  name: z.string().min(1),
  host: z.string(),
  /** Missing if the writer's environment does not name one: a home belongs to one user. */
  user: z.string().optional(),
  command: z.string().optional(),
  /** Both only if a hub stands in for a process on another machine: its pid there, and the hub's access key that it used. */
  pid: z.int().nonnegative().optional(),
  via: z.string().min(1).optional(),
  startedAt: millisecondsSinceEpoch,
  since: millisecondsSinceEpoch,
  inFlow: z.boolean().optional(),
  /** What the lock is for. */
  label: z.string().optional(),
  held: z.array(z.string()),
  /** Pids of processes that (very likely) wait for the waiter to end. Written to tickets after a second. */
  ancestors: z.array(z.int().nonnegative()).optional(),
}

/**
 * The first line of a holder's file (a state `held`, or a sharer's), as the kit writes it. It is for people: a reader decides by the
 * file's name alone, and ignores a line that is empty, torn, or has a different id from the name.
 */
export const lockHolderSchema = z.looseObject({
  ...owner,
  /** A decimal number, since it can exceed what a JSON number represents exactly. */
  token: z.string().regex(/^[1-9]\d*$/u),
})

/** The line in a waiter's file, as the kit writes it. `held` are the locks that the waiting flow holds. */
export const lockTicketSchema = z.looseObject(owner)
