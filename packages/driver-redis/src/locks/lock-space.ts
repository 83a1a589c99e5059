/**
 * Lua that every lock script begins with: the shared state of all locks of one kind, in one hash, `<base>space`. Every
 * script gets KEYS[1]: the prefix of its kind, and ARGV[1] to ARGV[3]: the sender's wall clock in milliseconds, the
 * highest token that it has seen, and its lease in milliseconds; its own arguments follow.
 *
 * **Time** is neither the server's nor a client's. It passes when both agree: a stepped clock, or a different server,
 * ends no lease. `clock` is that time in milliseconds; `server` and `client` are the clocks that last advanced it. If
 * the server's clock ran ahead by more than a lease while a client's did not, it is unknown which leases have ended:
 * all of them end, and their owners are notified.
 *
 * **A generation** begins when the server may have lost grants: with another replication id (each restart and each
 * promotion creates one), without this hash (a flush, an eviction, a server without persistence), or if the number of
 * resources differs from the stored count. `token` is the last one of this kind. A new generation begins above the last
 * known token, the last one the sender knows, and the sender's clock at the time when it opens, in seconds times 2^20,
 * so that neither a stale replica nor the server's clock lowers it. No server grants that many in a second.
 *
 * **Until `opens`** nothing is granted, so that owners of lost grants learn of it, or reach the end of their lease.
 * Until `reclaim`, an owner that renews a grant unknown to the server gets it again, with its token: no other owner can
 * have had it in between.
 */
export const LOCK_SPACE = `
local base = KEYS[1]
local CLIENT, SEEN, LEASE = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local SPACE, RESOURCES = base .. 'space', base .. 'resources'
local KEEP, KEEP_SPACE = 3600 * 1000, 30 * 24 * 3600 * 1000
-- Clocks that differ by less count as equal.
local TOLERANCE = 1000
-- Within this time every owner has renewed, or been refused.
local HEARING = 0.4
local SECOND = 1048576

-- With memory full, a script's first write must free some; lock holders must be able to continue.
redis.call('HDEL', SPACE, '-')

local time = redis.call('TIME')
local wall = time[1] * 1000 + math.floor(time[2] / 1000)
local function number(value) return string.format('%.0f', value) end

-- Without the right to call INFO, a restart looks like a pause.
local function fact(section, name)
  local text = redis.pcall('INFO', section)
  return type(text) == 'string' and string.match(text, name .. ':([^\\r\\n]*)') or nil
end

local kept = redis.call('HMGET', SPACE, 'clock', 'server', 'client', 'run', 'token', 'opens', 'reclaim', 'resources')
local now, opens, reclaim = tonumber(kept[1]), tonumber(kept[6] or 0), tonumber(kept[7] or 0)
local run = fact('replication', 'master_replid') or ''
local hasJumped = false

local function tick()
  local byServer = wall - tonumber(kept[2])
  local last = tonumber(kept[3])
  local off = CLIENT - last - byServer
  if math.abs(off) <= TOLERANCE then
    now = now + math.max(0, byServer)
    return last + byServer + off / 8
  end
  local byClient = math.max(0, CLIENT - last)
  now = now + math.max(0, math.min(byServer, byClient))
  hasJumped = byServer - byClient > LEASE
  return CLIENT
end

local function flushes()
  local text = redis.pcall('INFO', 'commandstats')
  if type(text) ~= 'string' then return 1 end
  return string.find(text, 'cmdstat_flush', 1, true) and 1 or tonumber(fact('stats', 'evicted_keys') or 1)
end

-- How long a new generation grants nothing.
local function delay(isKnown)
  local upMs = tonumber(fact('server', 'uptime_in_seconds') or 0) * 1000
  local isLogged = fact('persistence', 'aof_enabled') == '1'
  -- The data that a server without an append-only file loads can be of any age.
  local sinceStart = isLogged and 0 or math.max(0, LEASE - upMs)
  if isKnown then return math.max(sinceStart, LEASE * HEARING) end
  -- Nothing is known here: nothing was ever written, or it was lost.
  local wasReplica = fact('replication', 'second_repl_offset') ~= '-1'
  if wasReplica or flushes() > 0 then return LEASE end
  return sinceStart
end

local function save(client)
  redis.call('HSET', SPACE, 'clock', number(now), 'server', number(wall), 'client', number(client),
    'run', run, 'opens', number(opens), 'reclaim', number(reclaim))
  redis.call('PEXPIRE', SPACE, KEEP_SPACE)
end

local function settleSpace()
  local isWhole = now and redis.call('ZCARD', RESOURCES) == tonumber(kept[8] or 0)
  local client = CLIENT
  if now then client = tick() else now = math.max(CLIENT, wall) end
  if not isWhole or kept[4] ~= run then
    local pauseMs = delay(isWhole)
    if kept[1] and not isWhole then pauseMs = LEASE end
    local token = math.max(tonumber(kept[5] or 0), SEEN, math.floor((CLIENT + pauseMs) / 1000 * SECOND))
    redis.call('HSET', SPACE, 'token', number(token), 'first', number(token),
      'resources', redis.call('ZCARD', RESOURCES))
    if pauseMs > 0 then
      opens = math.max(opens, now + pauseMs)
      reclaim = opens
    end
    -- Renewals may have been lost as well.
    for _, resource in ipairs(redis.call('ZRANGE', RESOURCES, 0, -1)) do
      local holders = base .. 'holders:' .. resource
      for _, member in ipairs(redis.call('ZRANGE', holders, 0, -1)) do
        redis.call('ZADD', holders, 'GT', now + LEASE, member)
      end
    end
  end
  save(client)
end

settleSpace()
`
