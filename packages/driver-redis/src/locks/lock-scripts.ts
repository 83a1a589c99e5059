import { Script } from '../connection/script.js'
import { LOCK_SPACE } from './lock-space.js'

/**
 * The keys of a resource, below the prefix of its kind (KEYS[1]), by the space's time (see `lock-space.ts`):
 *
 * - `holders:<resource>`: sorted set of `x:<id>` or `s:<id>` (exclusive, shared) by the end of the lease
 * - `queue:<resource>`: sorted set of waiters, written likewise, in the order of arrival
 * - `alive:<resource>`: sorted set of the same waiters by the end of their lease, and half a millisecond more from their
 *   first poll on: from then on they listen
 * - `info:<resource>`: hash of what is known about each holder and waiter, by id
 * - `closed:<resource>`: until when nothing is granted, since its holders were lost
 * - `flow:<id>`: what the flow that holds a lock waits for: resource and waiter, to find a cycle
 * - `resources`: sorted set of the resources with any holder or waiter, by the last change, and half a millisecond more
 *   if it is held: holders missing then were evicted
 *
 * The script that makes room grants the lock to the next waiter, and notifies it on its channel. A waiter whose channel
 * nobody listens to has died, or is connecting again: it keeps its position and is skipped. The waiter's lease becomes
 * the owner's lease.
 *
 * A waiter learns who holds the lock, its queue position and the length of the queue, at a cost that does not grow with
 * the queue. Only {@link INSPECT} and {@link LIST} return the other waiters.
 */
const PRELUDE = `
-- How many waiters ahead are asked whether they are there: a turn must not cost more as the queue grows.
local ASKED = 16

local function names(resource)
  return {
    holders = base .. 'holders:' .. resource, queue = base .. 'queue:' .. resource,
    alive = base .. 'alive:' .. resource, info = base .. 'info:' .. resource,
    closed = base .. 'closed:' .. resource,
  }
end

local function idOf(member) return string.sub(member, 3) end
local function modeOf(member) return string.sub(member, 1, 1) end

local function forgetFlows(resource, id, info)
  for _, held in ipairs(info.held or {}) do
    redis.call('SREM', base .. 'flow:' .. held, id .. ' ' .. resource)
  end
end

local function hold(key, member, untilMs, info)
  redis.call('ZADD', key.holders, number(untilMs), member)
  redis.call('HSET', key.info, idOf(member), cjson.encode(info))
  return info.token
end

local function grant(key, member, untilMs, info)
  info.token = number(redis.call('HINCRBY', SPACE, 'token', 1))
  info.since = wall
  return hold(key, member, untilMs, info)
end

local function touch(resource, key)
  local changed
  if redis.call('EXISTS', key.holders, key.queue) == 0 then
    redis.call('DEL', key.alive, key.info)
    changed = redis.call('ZREM', RESOURCES, resource)
  else
    local isHeld = redis.call('EXISTS', key.holders) == 1
    changed = redis.call('ZADD', RESOURCES, string.format('%.1f', now + (isHeld and 0.5 or 0)), resource)
    for _, name in ipairs({ key.holders, key.queue, key.alive, key.info }) do
      redis.call('PEXPIRE', name, KEEP)
    end
  end
  if changed == 0 then return end
  redis.call('HSET', SPACE, 'resources', redis.call('ZCARD', RESOURCES))
  redis.call('PEXPIRE', RESOURCES, KEEP_SPACE)
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

local function tell(member, info)
  if info.channel then redis.call('PUBLISH', info.channel, 'lost ' .. idOf(member)) end
end

-- Removes members whose lease has ended; returns the holders among them.
local function prune(resource, key)
  local gone = {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key.holders, '-inf', number(now))) do
    local info = drop(resource, key, member)
    info.id = idOf(member)
    info.mode = modeOf(member)
    table.insert(gone, info)
  end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key.alive, '-inf', number(now))) do
    drop(resource, key, member)
  end
  return gone
end

-- Holders that existed a moment ago, but whose key does not.
local function closeWhereLost(resource, key)
  local touched = tonumber(redis.call('ZSCORE', RESOURCES, resource) or 0)
  if touched % 1 == 0 or now - touched > LEASE or redis.call('EXISTS', key.holders) == 1 then return end
  redis.call('SET', key.closed, number(now + LEASE), 'PX', KEEP)
end

-- Until when nothing is granted; 0 if that time is over.
local function closedUntil(key)
  local untilMs = math.max(opens, tonumber(redis.call('GET', key.closed) or 0))
  return untilMs > now and untilMs or 0
end

local function isFree(key, mode)
  local first = redis.call('ZRANGE', key.holders, 0, 0)[1]
  return not first or (mode == 's' and modeOf(first) == 's')
end

local function isOpen(key, mode)
  return isFree(key, mode) and closedUntil(key) == 0
end

-- Sends a waiter a message; false if it listened once and nobody does now. A hub's clients ask again through the next hub.
local function reaches(key, member, info, message)
  if not info.channel or redis.call('PUBLISH', info.channel, message) > 0 or info.relayed then return true end
  return tonumber(redis.call('ZSCORE', key.alive, member) or 0) % 1 == 0
end

-- Returns those of some waiters that are there, without waking them. A server that refuses the question counts them all.
local function present(key, members)
  local channels, infos = {}, {}
  for index, member in ipairs(members) do
    infos[index] = infoOf(key, idOf(member))
    channels[index] = infos[index].channel or ''
  end
  -- Lua passes at most 8,000 arguments.
  if #members == 0 or #members > 4000 then return members end
  local reply = redis.pcall('PUBSUB', 'NUMSUB', unpack(channels))
  if reply.err then return members end
  local found = {}
  for index, member in ipairs(members) do
    -- It listened once, and nobody does now. A hub's clients ask again through the next hub.
    local hasLeft = infos[index].channel and reply[2 * index] == 0 and not infos[index].relayed
      and tonumber(redis.call('ZSCORE', key.alive, member) or 0) % 1 ~= 0
    if not hasLeft then table.insert(found, member) end
  end
  return found
end

-- Returns the first waiter from a rank on that is there, and its rank.
local function firstThere(key, rank)
  while true do
    local member = redis.call('ZRANGE', key.queue, rank, rank)[1]
    if not member or reaches(key, member, infoOf(key, idOf(member)), 'there') then return member, rank end
    rank = rank + 1
  end
end

-- Admits waiters in order while there is room. The one that asks is there, whether it listens or not.
local function promote(resource, key, asking)
  local rank = 0
  while true do
    local member = redis.call('ZRANGE', key.queue, rank, rank)[1]
    if not member then return end
    if not isOpen(key, modeOf(member)) then
      -- One that shares has room if those ahead of it, who do not, are gone.
      if not asking or not isOpen(key, modeOf(asking)) then return end
      member, rank = firstThere(key, rank)
      if not member or not isOpen(key, modeOf(member)) then return end
    end
    local id = idOf(member)
    local info = infoOf(key, id)
    local token = redis.call('HINCRBY', SPACE, 'token', 1)
    if reaches(key, member, info, 'granted ' .. id .. ' ' .. number(token)) or member == asking then
      local untilMs = tonumber(redis.call('ZSCORE', key.alive, member) or now)
      redis.call('ZREM', key.queue, member)
      redis.call('ZREM', key.alive, member)
      forgetFlows(resource, id, info)
      info.token = number(token)
      info.since = wall
      hold(key, member, untilMs, info)
    else
      rank = rank + 1
    end
  end
end

-- A member's info may have been evicted: then there is nothing to show.
local function show(list, key, member)
  local info = infoOf(key, idOf(member))
  if not info.owner then return end
  table.insert(list, {
    id = idOf(member), mode = modeOf(member), token = info.token, since = info.since, owner = info.owner, label = info.label,
  })
end

local function encode(resource, key, holderMembers, waiterMembers, facts)
  local holders, waiters = {}, {}
  for _, member in ipairs(holderMembers) do show(holders, key, member) end
  for _, member in ipairs(waiterMembers) do show(waiters, key, member) end
  if #holders == 0 and #waiters == 0 then return nil end
  facts.resource = resource
  -- Lua encodes an empty table as an object.
  if #holders > 0 then facts.holders = holders end
  if #waiters > 0 then facts.waiters = waiters end
  return cjson.encode(facts)
end

local function describe(resource, key)
  local closedFor = math.max(0, closedUntil(key) - now)
  return encode(
    resource, key, redis.call('ZRANGE', key.holders, 0, -1), present(key, redis.call('ZRANGE', key.queue, 0, -1)),
    { closedForMs = math.ceil(closedFor) }
  )
end

-- The same for a waiter, without the other waiters' names. Only near the front are those ahead asked whether they are there.
local function standing(resource, key, member)
  local rank = redis.call('ZRANK', key.queue, member)
  local ahead = rank
  if rank > 0 and rank <= ASKED then ahead = #present(key, redis.call('ZRANGE', key.queue, 0, rank - 1)) end
  local first = redis.call('ZRANGE', key.holders, 0, 0, 'WITHSCORES')
  local endsIn = first[2] and math.max(0, tonumber(first[2]) - now) or 0
  local queue = { position = ahead + 1, length = redis.call('ZCARD', key.queue) - rank + ahead }
  local closedFor = math.max(0, closedUntil(key) - now)
  return {
    'waiting', ahead, math.max(endsIn, closedFor), first[1] and 0 or math.ceil(closedFor),
    encode(resource, key, redis.call('ZRANGE', key.holders, 0, 9), {}, { queue = queue }),
  }
end

local function serve(resource, key, asking)
  local gone = prune(resource, key)
  promote(resource, key, asking)
  touch(resource, key)
  return gone
end

local function settle(resource, key, asking)
  closeWhereLost(resource, key)
  return serve(resource, key, asking)
end

-- Sent again because the first reply, or the message, was lost.
local function regrant(key, member)
  redis.call('ZADD', key.holders, number(now + LEASE), member)
  local info = infoOf(key, idOf(member))
  return { 'granted', info.token or grant(key, member, now + LEASE, info) }
end

if hasJumped then
  opens = now + LEASE * HEARING
  redis.call('HSET', SPACE, 'opens', number(opens))
  for _, resource in ipairs(redis.call('ZRANGE', RESOURCES, 0, -1)) do
    local key = names(resource)
    for _, member in ipairs(redis.call('ZRANGE', key.holders, 0, -1)) do
      tell(member, drop(resource, key, member))
    end
    touch(resource, key)
  end
end
`

function script(body: string): Script {
  return new Script(`${LOCK_SPACE}\n${PRELUDE}\n${body}`)
}

/**
 * ARGV, after the common ones: resource, member, info, 'wait' or 'try', ids that the flow holds (JSON). Returns
 * `{'granted', token}`, `{'busy'}`, `{'closed', milliseconds}`, `{'deadlock', cycle}` or `{'waiting', …}` as {@link
 * POLL} does.
 */
export const ACQUIRE = script(`
local resource, member, info = ARGV[4], ARGV[5], cjson.decode(ARGV[6])
local held = cjson.decode(ARGV[8])
local key, mode, id = names(resource), modeOf(member), idOf(member)
settle(resource, key)
if redis.call('ZSCORE', key.holders, member) then return regrant(key, member) end

local reentry = false
if mode == 's' then
  for _, own in ipairs(held) do
    if redis.call('ZSCORE', key.holders, 's:' .. own) then reentry = true end
  end
end
if isOpen(key, mode) and (reentry or not firstThere(key, 0)) then
  local token = grant(key, member, now + LEASE, info)
  touch(resource, key)
  return { 'granted', token }
end
if ARGV[7] == 'try' then
  local closed = closedUntil(key)
  if closed > 0 and isFree(key, mode) then return { 'closed', closed - now } end
  return { 'busy' }
end

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
redis.call('ZADD', key.alive, number(now + LEASE), member)
info.since = wall
redis.call('HSET', key.info, id, cjson.encode(info))
for _, lock in ipairs(held) do
  redis.call('SADD', base .. 'flow:' .. lock, id .. ' ' .. resource)
  redis.call('PEXPIRE', base .. 'flow:' .. lock, KEEP)
end
touch(resource, key)
return standing(resource, key, member)
`)

/**
 * Renews a waiter's lease and reports its state. ARGV: resource, member. Returns `{'granted', token}`, `{'waiting',
 * waiters ahead, milliseconds to the end of the holder's lease, milliseconds for which a free lock is not granted, who holds it}`, or
 * `{'gone'}`.
 */
export const POLL = script(`
local resource, member = ARGV[4], ARGV[5]
local key = names(resource)
if redis.call('ZSCORE', key.alive, member) then redis.call('ZADD', key.alive, number(now + LEASE) .. '.5', member) end
settle(resource, key, member)
if redis.call('ZSCORE', key.holders, member) then return regrant(key, member) end
if not redis.call('ZRANK', key.queue, member) then return { 'gone' } end
return standing(resource, key, member)
`)

/**
 * Extends a grant by one lease. ARGV: resource, member, token, info. Returns 1 if the grant is still held, or held
 * again after the server had lost it, else 0.
 */
export const EXTEND = script(`
local resource, member, token = ARGV[4], ARGV[5], ARGV[6]
local key = names(resource)
closeWhereLost(resource, key)
local untilMs = redis.call('ZSCORE', key.holders, member)
if untilMs and tonumber(untilMs) > now then
  redis.call('ZADD', key.holders, number(now + LEASE), member)
  touch(resource, key)
  return 1
end
local info = cjson.decode(ARGV[7])
local mayReclaim = now < math.max(reclaim, tonumber(redis.call('GET', key.closed) or 0))
if mayReclaim and (untilMs or isFree(key, modeOf(member))) then
  info.token = token
  info.since = wall
  if tonumber(token) > tonumber(redis.call('HGET', SPACE, 'token')) then redis.call('HSET', SPACE, 'token', token) end
  hold(key, member, now + LEASE, info)
  touch(resource, key)
  return 1
end
-- Granted before this generation: other owners may be about to learn of their loss, too.
local first = tonumber(redis.call('HGET', SPACE, 'first'))
if not untilMs and now >= opens and tonumber(token) <= first and isFree(key, modeOf(member)) then
  redis.call('SET', key.closed, number(now + LEASE * HEARING), 'PX', KEEP)
end
serve(resource, key)
return 0
`)

/** Releases a grant or a queue position. ARGV: resource, member. */
export const RELEASE = script(`
local resource, member = ARGV[4], ARGV[5]
local key = names(resource)
closeWhereLost(resource, key)
drop(resource, key, member)
serve(resource, key)
return 1
`)

/** ARGV: resource, id. Returns 1 if that id held the lock. */
export const FORCE_RELEASE = script(`
local resource, id = ARGV[4], ARGV[5]
local key = names(resource)
settle(resource, key)
local taken = 0
for _, kind in ipairs({ 'x:', 's:' }) do
  if redis.call('ZSCORE', key.holders, kind .. id) then
    tell(kind .. id, drop(resource, key, kind .. id))
    taken = 1
  end
end
serve(resource, key)
return taken
`)

/** ARGV: resource. Returns its state as JSON, or nothing. */
export const INSPECT = script(`
local key = names(ARGV[4])
settle(ARGV[4], key)
return describe(ARGV[4], key)
`)

/** ARGV: resource. Returns for how many milliseconds it is not granted although it is free. */
export const CLOSED = script(`
local key = names(ARGV[4])
closeWhereLost(ARGV[4], key)
return math.ceil(math.max(0, closedUntil(key) - now))
`)

/** ARGV: a prefix of names. Returns the state of every matching resource that has a holder or a waiter. */
export const LIST = script(`
local states, prefix = {}, ARGV[4]
for _, resource in ipairs(redis.call('ZRANGE', RESOURCES, 0, -1)) do
  if string.sub(resource, 1, #prefix) == prefix then
    local key = names(resource)
    settle(resource, key)
    local state = describe(resource, key)
    if state then table.insert(states, state) end
  end
end
return states
`)

/** Removes expired members of every resource. Returns the freed locks, as {@link INSPECT} would. */
export const CLEAN = script(`
local freed = {}
for _, resource in ipairs(redis.call('ZRANGE', RESOURCES, 0, -1)) do
  for _, holder in ipairs(settle(resource, names(resource))) do
    table.insert(freed, cjson.encode({ resource = resource, holders = { holder } }))
  end
end
return freed
`)
