import { type EngineFinding, findClockOff, isCliOpsError } from '@cli-ops/shared-ipc/driver'

import type { RedisConnection } from './connection/redis-connection.js'
import type { Keys } from './keys.js'

/**
 * The commands that the scripts call on keys; a test compares the lists. Some are called only after an accident, so no
 * single try needs them all.
 */
export const CALLED = (
  'DEL EXISTS GET HDEL HEXISTS HGET HINCRBY HKEYS HLEN HMGET HSET HSETNX HVALS PEXPIRE SADD SET SMEMBERS SREM ' +
  'XADD XDEL XRANGE ZADD ZCARD ZRANGE ZRANGEBYSCORE ZRANK ZREM ZREVRANGE ZSCORE'
).split(' ')
/** The commands that need no key: a script is sent in full to a server that has forgotten it. */
const CALLED_WITHOUT = ['EVAL', 'EVALSHA', 'TIME', 'WAIT']
const CALLED_ON_CHANNELS = ['PUBLISH', 'SUBSCRIBE']

/** Returns the commands that the user may not call. */
const LACKING = `
local lacking = {}
for _, name in ipairs(cjson.decode(ARGV[1])) do
  if not redis.acl_check_cmd(name, KEYS[1]) then table.insert(lacking, name) end
end
return lacking`

/** Finds what keeps the server from delivering what the driver promises, and which commands its user may not call. */
export async function findUnfit(connection: RedisConnection, keys: Keys): Promise<EngineFinding[]> {
  await connection.connect()
  return [
    ...unfitFacts(connection),
    ...(await rightsLacking(connection, keys)),
    ...(await findClockOff(() => timeOf(connection))),
  ]
}

async function rightsLacking(connection: RedisConnection, keys: Keys): Promise<EngineFinding[]> {
  const remedy = 'give the user the rights that docs/guides/redis.md lists'
  const ask = (key: string, names: readonly string[]) =>
    connection.call(['EVAL', LACKING, 1, key, JSON.stringify(names)]) as Promise<string[]>
  try {
    const lacking = [
      ...(await ask(keys.logState, CALLED)),
      ...(await ask(keys.logState, CALLED_WITHOUT)),
      ...(await ask(keys.eventChannel, CALLED_ON_CHANNELS)),
    ]
    if (lacking.length === 0) return []
    return [
      {
        problem: `the user may not call ${lacking.join(', ')} on keys and channels of this namespace`,
        remedy,
      },
    ]
  } catch (error) {
    if (!isCliOpsError(error, 'FORBIDDEN')) throw error
    return [{ problem: `the user may not run scripts: ${error.message}`, remedy }]
  }
}

function unfitFacts({ facts }: RedisConnection): EngineFinding[] {
  if (facts === undefined || facts.version === '')
    return [
      {
        problem: 'the user may not call INFO, so the driver cannot tell a restart from a pause',
        remedy: 'give it +info (docs/guides/redis.md has the whole rule)',
      },
    ]
  const found: EngineFinding[] = []
  if (facts.eviction !== undefined)
    found.push({
      problem: `the server evicts stored data when it is full (maxmemory-policy ${facts.eviction}): events and group cursors can be lost`,
      remedy: 'set maxmemory-policy noeviction, or use a dedicated server',
    })
  if (facts.isLogged === false)
    found.push({
      problem:
        'the server has no append-only file: a restart loses events and groups, and delays locks by one lease',
      remedy: 'set appendonly yes',
    })
  return found
}

async function timeOf(connection: RedisConnection): Promise<number> {
  const [seconds, micros] = (await connection.call(['TIME'])) as [string, string]
  return Number(seconds) * 1_000 + Number(micros) / 1_000
}
