import {
  type EngineFinding,
  type EventDriver,
  isCliOpsError,
  type LockDriver,
  randomId,
} from '@cli-ops/shared-ipc/driver'

import type { RedisConnection } from './connection/redis-connection.js'
import type { Keys } from './keys.js'

/** Clocks of machines that are kept in time differ by less. */
const CLOCK_MS = 1_000

/** What is looked at, and what it is tried with. */
export interface FitnessContext {
  readonly connection: RedisConnection
  readonly keys: Keys
  readonly locks: LockDriver
  readonly events: EventDriver
}

/** Finds what makes the server, or this user's rights on it, unfit for what the driver promises. Leaves nothing behind. */
export async function findUnfit(context: FitnessContext): Promise<EngineFinding[]> {
  await context.connection.connect()
  return [
    ...unfitFacts(context.connection),
    ...(await clockOff(context)),
    ...(await unfitTries(context)),
  ]
}

function unfitFacts({ facts }: RedisConnection): EngineFinding[] {
  if (facts === undefined || facts.version === '')
    return [
      {
        problem:
          'the user may not ask the server what it is (INFO), so that a restart is not told from a pause',
        remedy: 'give it +info (docs/guides/redis.md has the whole rule)',
      },
    ]
  const found: EngineFinding[] = []
  if (facts.eviction !== undefined)
    found.push({
      problem: `the server evicts stored data when it is full (maxmemory-policy ${facts.eviction}): events and cursors of groups may be lost`,
      remedy: 'set maxmemory-policy noeviction, or take a server of its own',
    })
  if (facts.isLogged === false)
    found.push({
      problem:
        'the server has no append-only file: a restart loses events and groups, and holds locks back for a lease',
      remedy: 'set appendonly yes',
    })
  return found
}

async function clockOff({ connection }: FitnessContext): Promise<EngineFinding[]> {
  const before = Date.now()
  const [seconds, micros] = (await connection.call(['TIME'])) as [string, string]
  const after = Date.now()
  const server = Number(seconds) * 1_000 + Number(micros) / 1_000
  const offMs = server < before ? server - before : Math.max(0, server - after)
  if (Math.abs(offMs) <= CLOCK_MS) return []
  return [
    {
      problem: `the clock of the server is ${Math.round(Math.abs(offMs) / 100) / 10} s ${offMs < 0 ? 'behind' : 'ahead of'} this machine's: a dead owner's lock may be held for longer`,
      remedy: 'keep the clocks in time on both (timedatectl set-ntp true)',
    },
  ]
}

/** One of each thing that a CLI does there. */
async function unfitTries({
  connection,
  keys,
  locks,
  events,
}: FitnessContext): Promise<EngineFinding[]> {
  const tries: readonly (readonly [what: string, attempt: () => Promise<unknown>])[] = [
    ['take a lock', () => takeLock(locks)],
    ['read events', () => readEvents(events)],
    // A hint of nothing, which makes no reader look.
    [
      'say that an event was stored',
      () => connection.call(['PUBLISH', keys.eventChannel, '0 0 0']),
    ],
  ]
  const found: EngineFinding[] = []
  for (const [what, attempt] of tries) {
    try {
      await attempt()
    } catch (error) {
      if (!isCliOpsError(error)) throw error
      const remedy =
        error.code === 'FORBIDDEN'
          ? 'give the user the rights that docs/guides/redis.md lists'
          : 'see the message; try again where the server has just been started'
      found.push({ problem: `this user cannot ${what}: ${error.message}`, remedy })
    }
  }
  return found
}

async function takeLock(locks: LockDriver): Promise<void> {
  const id = randomId()
  const request = { resource: `doctor ${id}`, mode: 'exclusive', id, held: [] } as const
  await (await locks.tryAcquire(request))?.release()
}

async function readEvents(events: EventDriver): Promise<void> {
  const reader = events.openReader({ from: 'latest' })
  try {
    await reader.ready
  } finally {
    reader.close()
  }
}
