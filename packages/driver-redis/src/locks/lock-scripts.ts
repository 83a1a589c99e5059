import { Script } from '../connection/script.js'

/**
 * What a resource is made of, below the prefix of its kind (KEYS[1]), by the time of the server in milliseconds:
 *
 * - `holders:<resource>`: sorted set of `x:<id>` or `s:<id>` (exclusive, shared) by the end of the lease
 * - `queue:<resource>`: sorted set of waiters, written likewise, in the order of arrival
 * - `alive:<resource>`: sorted set of the same waiters by the end of their lease
 * - `info:<resource>`: hash of what is known of each holder and waiter, by id
 * - `token:<resource>`: the last token, kept for long after the last grant
 * - `flow:<id>`: what the flow that holds a lock waits for: resource and waiter, to find a cycle
 * - `resources`: sorted set of the resources with any holder or waiter, by the last change
 *
 * A waiter is granted the lock by whichever script makes room for it, and told on its channel. The lease that it has as a
 * waiter becomes that of the owner, so that one that has died meanwhile blocks the lock no longer than it would have
 * blocked the queue.
 */
const PRELUDE = `
local base = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local TOKEN_TTL = 30 * 24 * 3600 * 1000
local KEEP = 3600 * 1000

local function names(resource)
  return {
    holders = base .. 'holders:' .. resource, queue = base .. 'queue:' .. resource,
    alive = base .. 'alive:' .. resource, info = base .. 'info:' .. resource,
    token = base .. 'token:' .. resource,
  }
end

local function idOf(member) return string.sub(member, 3) end
local function modeOf(member) return string.sub(member, 1, 1) end

local function forgetFlows(resource, id, info)
  for _, held in ipairs(info.held or {}) do
    redis.call('SREM', base .. 'flow:' .. held, id .. ' ' .. resource)
  end
end

local function grant(resource, key, member, untilMs, info)
  local previous = redis.call('GET', key.token)
  local token = time[1] * 1000000 + time[2]
  if previous and tonumber(previous) >= token then token = tonumber(previous) + 1 end
  local text = string.format('%.0f', token)
  redis.call('SET', key.token, text, 'PX', TOKEN_TTL)
  redis.call('ZADD', key.holders, untilMs, member)
  info.token = text
  info.since = now
  redis.call('HSET', key.info, idOf(member), cjson.encode(info))
  return text
end

local function touch(resource, key)
  if redis.call('EXISTS', key.holders, key.queue) == 0 then
    redis.call('DEL', key.alive, key.info)
    redis.call('ZREM', base .. 'resources', resource)
    return
  end
  redis.call('ZADD', base .. 'resources', now, resource)
  for _, name in ipairs({ key.holders, key.queue, key.alive, key.info, base .. 'resources' }) do
    redis.call('PEXPIRE', name, KEEP)
  end
end

local function infoOf(key, id)
  local text = redis.call('HGET', key.info, id)
  return text and cjson.decode(text) or { held = {} }
end

local function drop(resource, key, member)
  local id = idOf(member)
  local info = infoOf(key, id)
  redis.call('ZREM', key.holders, member)
  redis.call('ZREM', key.queue, member)
  redis.call('ZREM', key.alive, member)
  redis.call('HDEL', key.info, id)
  redis.call('DEL', base .. 'flow:' .. id)
  forgetFlows(resource, id, info)
  return info
end

-- Removes whose lease has ended; gives the holders among them.
local function prune(resource, key)
  local gone = {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key.holders, '-inf', now)) do
    local info = drop(resource, key, member)
    info.id = idOf(member)
    info.mode = modeOf(member)
    table.insert(gone, info)
  end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key.alive, '-inf', now)) do
    drop(resource, key, member)
  end
  return gone
end

local function isOpen(key, mode)
  local first = redis.call('ZRANGE', key.holders, 0, 0)[1]
  return not first or (mode == 's' and modeOf(first) == 's')
end

-- Lets waiters in, in their order, as long as there is room.
local function promote(resource, key)
  while true do
    local member = redis.call('ZRANGE', key.queue, 0, 0)[1]
    if not member or not isOpen(key, modeOf(member)) then return end
    local id = idOf(member)
    local untilMs = redis.call('ZSCORE', key.alive, member) or now
    local info = infoOf(key, id)
    redis.call('ZREM', key.queue, member)
    redis.call('ZREM', key.alive, member)
    forgetFlows(resource, id, info)
    local token = grant(resource, key, member, untilMs, info)
    if info.channel then
      redis.call('PUBLISH', info.channel, 'granted ' .. id .. ' ' .. token)
    end
  end
end

local function describe(resource, key)
  local first
  for _, member in ipairs(redis.call('ZRANGE', key.holders, 0, -1)) do
    local info = infoOf(key, idOf(member))
    info.id = idOf(member)
    info.mode = modeOf(member)
    if not first or (info.since or 0) < (first.since or 0) then first = info end
  end
  local waiters = {}
  for _, member in ipairs(redis.call('ZRANGE', key.queue, 0, -1)) do
    table.insert(waiters, infoOf(key, idOf(member)).owner)
  end
  if not first and #waiters == 0 then return nil end
  local facts = { resource = resource, holder = first }
  if #waiters > 0 then facts.waiters = waiters end
  return cjson.encode(facts)
end

local function settle(resource, key)
  local gone = prune(resource, key)
  promote(resource, key)
  touch(resource, key)
  return gone
end
`

function script(body: string): Script {
  return new Script(`${PRELUDE}\n${body}`)
}

/**
 * ARGV: resource, member, lease, info, 'wait' or 'try', ids that the flow holds (JSON). Gives `{'granted', token}`,
 * `{'busy'}`, `{'deadlock', cycle}` or `{'waiting', …}` as {@link POLL} does.
 */
export const ACQUIRE = script(`
local resource, member, lease, info = ARGV[1], ARGV[2], tonumber(ARGV[3]), cjson.decode(ARGV[4])
local held = cjson.decode(ARGV[6])
local key, mode, id = names(resource), modeOf(ARGV[2]), idOf(ARGV[2])
settle(resource, key)

-- Asked again, because the reply to the first time was lost.
if redis.call('ZSCORE', key.holders, member) then
  redis.call('ZADD', key.holders, now + lease, member)
  return { 'granted', infoOf(key, id).token }
end

local reentry = false
if mode == 's' then
  for _, own in ipairs(held) do
    if redis.call('ZSCORE', key.holders, 's:' .. own) then reentry = true end
  end
end
if isOpen(key, mode) and (reentry or redis.call('ZCARD', key.queue) == 0) then
  local token = grant(resource, key, member, now + lease, info)
  touch(resource, key)
  return { 'granted', token }
end
if ARGV[5] == 'try' then return { 'busy' } end

local own = {}
for _, lock in ipairs(held) do own[lock] = true end
local function findCycle(name, waiter, seen)
  local at = names(name)
  local waitsForSharers = modeOf(waiter) == 'x'
  if not waitsForSharers then
    for _, other in ipairs(redis.call('ZRANGE', at.queue, 0, -1)) do
      if other == waiter then break end
      if modeOf(other) == 'x' then waitsForSharers = true break end
    end
  end
  for _, holder in ipairs(redis.call('ZRANGE', at.holders, 0, -1)) do
    local holding = idOf(holder)
    if not seen[holding] and (modeOf(holder) == 'x' or waitsForSharers) then
      seen[holding] = true
      if own[holding] then return { name } end
      for _, entry in ipairs(redis.call('SMEMBERS', base .. 'flow:' .. holding)) do
        local waiting, wanted = string.match(entry, '^(%S+) (.*)$')
        for _, kind in ipairs({ 'x:', 's:' }) do
          if redis.call('ZSCORE', names(wanted).queue, kind .. waiting) then
            local rest = findCycle(wanted, kind .. waiting, seen)
            if rest then
              table.insert(rest, 1, name)
              return rest
            end
          end
        end
      end
    end
  end
end
local cycle = #held > 0 and findCycle(resource, member, {})
if cycle then return { 'deadlock', cjson.encode(cycle), describe(resource, key) } end

local last = redis.call('ZREVRANGE', key.queue, 0, 0, 'WITHSCORES')
redis.call('ZADD', key.queue, 'NX', (tonumber(last[2]) or 0) + 1, member)
redis.call('ZADD', key.alive, now + lease, member)
redis.call('HSET', key.info, id, cjson.encode(info))
for _, lock in ipairs(held) do
  redis.call('SADD', base .. 'flow:' .. lock, id .. ' ' .. resource)
  redis.call('PEXPIRE', base .. 'flow:' .. lock, KEEP)
end
touch(resource, key)
local first = redis.call('ZRANGE', key.holders, 0, 0, 'WITHSCORES')
return {
  'waiting',
  redis.call('ZRANK', key.queue, member),
  first[2] and math.max(0, tonumber(first[2]) - now) or 0,
  describe(resource, key),
}
`)

/**
 * Renews a waiter's lease and looks how it stands. ARGV: resource, member, lease. Gives `{'granted', token}`,
 * `{'waiting', waiters ahead, milliseconds to the end of the holder's lease, who holds it}`, or `{'gone'}`.
 */
export const POLL = script(`
local resource, member, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local key = names(resource)
if redis.call('ZSCORE', key.alive, member) then redis.call('ZADD', key.alive, now + lease, member) end
settle(resource, key)
if redis.call('ZSCORE', key.holders, member) then
  redis.call('ZADD', key.holders, now + lease, member)
  return { 'granted', infoOf(key, idOf(member)).token }
end
local rank = redis.call('ZRANK', key.queue, member)
if not rank then return { 'gone' } end
local first = redis.call('ZRANGE', key.holders, 0, 0, 'WITHSCORES')
return {
  'waiting', rank,
  first[2] and math.max(0, tonumber(first[2]) - now) or 0,
  describe(resource, key),
}
`)

/** ARGV: resource, member, lease. Gives 1 where the grant is held still, and is for one lease more, else 0. */
export const EXTEND = script(`
local resource, member, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local key = names(resource)
local untilMs = redis.call('ZSCORE', key.holders, member)
if not untilMs or tonumber(untilMs) <= now then
  settle(resource, key)
  return 0
end
redis.call('ZADD', key.holders, now + lease, member)
touch(resource, key)
return 1
`)

/** Gives back a grant or a place in the queue. ARGV: resource, member. */
export const RELEASE = script(`
local resource, member = ARGV[1], ARGV[2]
local key = names(resource)
drop(resource, key, member)
settle(resource, key)
return 1
`)

/** ARGV: resource, id. Gives 1 where that id held the lock. */
export const FORCE_RELEASE = script(`
local resource, id = ARGV[1], ARGV[2]
local key = names(resource)
settle(resource, key)
local taken = 0
for _, kind in ipairs({ 'x:', 's:' }) do
  if redis.call('ZSCORE', key.holders, kind .. id) then
    local info = drop(resource, key, kind .. id)
    if info.channel then redis.call('PUBLISH', info.channel, 'lost ' .. id) end
    taken = 1
  end
end
settle(resource, key)
return taken
`)

/** ARGV: resource. Gives its state as JSON, or nothing. */
export const INSPECT = script(`
local key = names(ARGV[1])
settle(ARGV[1], key)
return describe(ARGV[1], key)
`)

/** Gives the state of every resource that is held or waited for. */
export const LIST = script(`
local states = {}
for _, resource in ipairs(redis.call('ZRANGE', base .. 'resources', 0, -1)) do
  local key = names(resource)
  settle(resource, key)
  local state = describe(resource, key)
  if state then table.insert(states, state) end
end
return states
`)

/** Removes what has ended, on every resource. Gives the locks that were freed, as {@link INSPECT} would. */
export const CLEAN = script(`
local freed = {}
for _, resource in ipairs(redis.call('ZRANGE', base .. 'resources', 0, -1)) do
  for _, holder in ipairs(settle(resource, names(resource))) do
    table.insert(freed, cjson.encode({ resource = resource, holder = holder }))
  end
end
return freed
`)
