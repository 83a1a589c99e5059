import { Script } from '../connection/script.js'

/**
 * What a group keeps besides its cursor. `attempts`: a hash of counts by cursor. `parked`: a hash by `<cursor> <id>` of
 * JSON. `retries`: the fields of `parked` to retry. `parking`: the groups that have ever parked an event.
 */

/** Attempts at an event that no process reads any more are kept for a week. */
const ATTEMPTS_KEPT_MS = 7 * 24 * 3600 * 1000

/**
 * Counts an attempt, and forgets attempts at handled events. Keys: attempts. Arguments: cursor, then the cursors of the
 * handled events.
 */
export const COUNT_ATTEMPT = new Script(`
for at = 2, #ARGV do redis.call('HDEL', KEYS[1], ARGV[at]) end
local count = redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
redis.call('PEXPIRE', KEYS[1], ${ATTEMPTS_KEPT_MS})
return count
`)

/** Parks an event. Keys: attempts, parked, retries, parking. Arguments: cursor, field, JSON, group. */
export const PARK = new Script(`
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('SREM', KEYS[3], ARGV[2])
redis.call('SADD', KEYS[4], ARGV[4])
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
`)

/** Removes events. Keys: attempts, parked, retries, parking. Arguments: group, then cursor and field of each. */
export const UNPARK = new Script(`
local removed = 0
for at = 2, #ARGV, 2 do
  removed = removed + redis.call('HDEL', KEYS[2], ARGV[at + 1])
  redis.call('SREM', KEYS[3], ARGV[at + 1])
  redis.call('HDEL', KEYS[1], ARGV[at])
end
if redis.call('HLEN', KEYS[2]) == 0 then redis.call('SREM', KEYS[4], ARGV[1]) end
return removed
`)

/** Requests another try of events. Keys: parked, retries. Arguments: channel, group, then fields. */
export const RETRY = new Script(`
local asked = 0
for at = 3, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[at]) == 1 then
    redis.call('SADD', KEYS[2], ARGV[at])
    asked = asked + 1
  end
end
if asked > 0 then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return asked
`)

/** Returns the fields of a group's parked events, and the fields to retry. Keys: parked, retries. */
export const FIELDS = new Script(`
return { redis.call('HKEYS', KEYS[1]), redis.call('SMEMBERS', KEYS[2]) }
`)

/** Returns the content of some fields. Keys: parked. Arguments: fields. */
export const CONTENTS = new Script(`
return redis.call('HMGET', KEYS[1], unpack(ARGV))
`)

/** Returns groups with their number of parked events. Keys: parking. Arguments: the prefix of their hashes' names. */
export const GROUPS = new Script(`
local counts = {}
for _, group in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  table.insert(counts, group)
  table.insert(counts, redis.call('HLEN', ARGV[1] .. group))
end
return counts
`)
