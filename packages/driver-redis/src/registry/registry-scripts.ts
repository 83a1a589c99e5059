import { REFUSAL, Script } from '../connection/script.js'

/**
 * KEYS: hash of records by `<instance> <name>`, and a sorted set of the same by the end of their lease (milliseconds of
 * the server). The next process that reads the registry removes records whose lease has ended.
 */
const PRELUDE = `
local records, deadlines = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function prune(channel)
  local gone = {}
  for _, field in ipairs(redis.call('ZRANGEBYSCORE', deadlines, '-inf', now)) do
    table.insert(gone, redis.call('HGET', records, field) or nil)
    redis.call('ZREM', deadlines, field)
    redis.call('HDEL', records, field)
  end
  if #gone > 0 then redis.call('PUBLISH', channel, 'down') end
  return gone
end
`

function script(body: string): Script {
  return new Script(`${REFUSAL}\n${PRELUDE}\n${body}`)
}

/** ARGV: channel, lease, 'new' or 'renew', then alternating fields and records. */
export const ANNOUNCE = script(`
local refused = refusal(records, ARGV[1])
if refused then return refused end
prune(ARGV[1])
local isNew = ARGV[3] == 'new'
for at = 4, #ARGV, 2 do
  if redis.call('ZADD', deadlines, now + tonumber(ARGV[2]), ARGV[at]) == 1 then isNew = true end
  -- A renewal restores only what the server lost: another thread may have announced more since.
  redis.call(ARGV[3] == 'new' and 'HSET' or 'HSETNX', records, ARGV[at], ARGV[at + 1])
end
if isNew then redis.call('PUBLISH', ARGV[1], 'up') end
return 1
`)

/** ARGV: channel, field. */
export const WITHDRAW = script(`
redis.call('ZREM', deadlines, ARGV[2])
if redis.call('HDEL', records, ARGV[2]) == 1 then redis.call('PUBLISH', ARGV[1], 'down') end
return 1
`)

/** ARGV: channel. Returns alternating records and the milliseconds left of their leases. */
export const DISCOVER = script(`
prune(ARGV[1])
local found = {}
local ends = redis.call('ZRANGE', deadlines, 0, -1, 'WITHSCORES')
for at = 1, #ends, 2 do
  local record = redis.call('HGET', records, ends[at])
  if record then
    table.insert(found, record)
    table.insert(found, tonumber(ends[at + 1]) - now)
  end
end
return found
`)

/** ARGV: channel. Returns the records whose leases have ended. */
export const PRUNE = script(`return prune(ARGV[1])`)
