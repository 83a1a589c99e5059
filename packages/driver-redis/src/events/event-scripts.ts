import { REFUSAL, Script } from '../connection/script.js'

/**
 * The log is a stream whose ids are `<epoch>-<n>`. The number rises by one with every event, so missing events can be
 * counted. The epoch is the microsecond at which it began. A new one begins when the log may have lost its end: with
 * the first event after a restart or a promotion of the server (its replication id is another one), or after everything
 * was lost. The first event of an epoch says in `o` which end of the log it follows, if there is one. A `?` after it
 * says that events may have been stored after that end: by another primary, or by this server before a restart without
 * an append-only file.
 *
 * Acknowledged events that were lost with the server's memory leave a hole in the numbers as soon as any process that
 * knows of them appends: each append says how far its sender has seen the log.
 *
 * State: `epoch`, `n`, `run`, `bytes`, and `from`, `end`: the epoch before, and its last number.
 */
const PRELUDE = `
local log, state, groups = KEYS[1], KEYS[2], KEYS[3]
local function number(value) return string.format('%.0f', value) end
-- Without the right to call INFO, a restart looks like a pause.
local replication = redis.pcall('INFO', 'replication')
local run = type(replication) == 'string' and string.match(replication, 'master_replid:(%x+)') or ''
local function fact(section, name)
  local text = redis.pcall('INFO', section)
  return type(text) == 'string' and string.match(text, name .. ':([^\\r\\n]*)') or nil
end
local function parts(id)
  local epoch, n = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(epoch), tonumber(n)
end
local function isBefore(a, b)
  local ae, an = parts(a)
  local be, bn = parts(b)
  return ae < be or (ae == be and an < bn)
end
local function fieldOf(entry, name)
  for at = 1, #entry[2], 2 do
    if entry[2][at] == name then return entry[2][at + 1] end
  end
end

-- Removes old events that no group needs, and any event while the log is too large; never the newest one.
local function expire(maxBytes, cutoff, limit)
  local kept = redis.call('HMGET', state, 'bytes', 'epoch', 'n')
  local bytes = tonumber(kept[1] or 0)
  local newest = (kept[2] or '') .. '-' .. (kept[3] or '')
  local needed
  local removed = 0
  local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
  if not oldest or (bytes <= maxBytes and fieldOf(oldest, 't') >= cutoff) then return 0 end
  while removed < limit do
    local entries = redis.call('XRANGE', log, '-', '+', 'COUNT', 100)
    local doomed = {}
    for at = 1, #entries do
      local entry = entries[at]
      if entry[1] == newest then break end
      local isOld = fieldOf(entry, 't') < cutoff
      if isOld and bytes <= maxBytes then
        if not needed then
          needed = ''
          for _, cursor in ipairs(redis.call('HVALS', groups)) do
            if needed == '' or isBefore(cursor, needed) then needed = cursor end
          end
        end
        if needed ~= '' and isBefore(needed, entry[1]) then break end
      elseif bytes <= maxBytes then
        break
      end
      bytes = bytes - #fieldOf(entry, 'j')
      table.insert(doomed, entry[1])
    end
    if #doomed == 0 then break end
    redis.call('XDEL', log, unpack(doomed))
    removed = removed + #doomed
  end
  if removed > 0 then redis.call('HSET', state, 'bytes', number(bytes)) end
  return removed
end
`

function script(body: string): Script {
  return new Script(`${REFUSAL}\n${PRELUDE}\n${body}`)
}

/**
 * ARGV: epoch and number up to which the sender has seen the log, bytes and time to keep, channel, whether the events
 * have to survive a crash, and for each event its time and its JSON. Returns the number of replicas and the cursors.
 * The hint on the channel carries the events if they are small. If it fails, nothing is stored.
 */
export const APPEND = script(`
if ARGV[6] == '1' and fact('persistence', 'aof_enabled') ~= '1' then
  return redis.error_reply('NOTDURABLE there is no append-only file')
end
local refused = refusal(state, ARGV[5])
if refused then return refused end
local knownEpoch, known = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local kept = redis.call('HMGET', state, 'epoch', 'n', 'run', 'bytes', 'from', 'end')
local epoch, n, bytes = tonumber(kept[1]), tonumber(kept[2] or 0), tonumber(kept[4] or 0)
local from, last = tonumber(kept[5] or 0), tonumber(kept[6] or 0)
local origin = ''
if not epoch then
  origin = 'none'
  n = known
  epoch = math.max(now, knownEpoch + 1)
elseif kept[3] ~= run then
  origin = number(epoch) .. '-' .. number(n)
  local isAlone = fact('replication', 'second_repl_offset') == '-1'
  if not (isAlone and fact('persistence', 'aof_enabled') == '1') then origin = origin .. '?' end
  from, last = epoch, n
  if knownEpoch == epoch and known > n then
    n = known
    last = known
  end
  epoch = math.max(now, epoch + 1)
elseif knownEpoch == from and known > last then
  n = n + known - last
  last = known
end
local first = n + 1
local cursors, jsons, size = {}, {}, 0
for at = 7, #ARGV, 2 do
  n = n + 1
  local id = number(epoch) .. '-' .. number(n)
  local json = ARGV[at + 1]
  if origin ~= '' then
    redis.call('XADD', log, id, 't', ARGV[at], 'j', json, 'o', origin)
  else
    redis.call('XADD', log, id, 't', ARGV[at], 'j', json)
  end
  origin = ''
  size = size + #json
  table.insert(cursors, id)
  table.insert(jsons, json)
end
local hint = number(epoch) .. ' ' .. number(first) .. ' ' .. number(n)
if size <= 65536 and #cursors <= 64 then hint = hint .. '\\n' .. table.concat(jsons, '\\n') end
redis.call('HSET', state, 'epoch', number(epoch), 'n', number(n), 'run', run, 'bytes', number(bytes + size),
  'from', number(from), 'end', number(last))
redis.call('PUBLISH', ARGV[5], hint)
expire(tonumber(ARGV[3]), ARGV[4], 200 + #cursors)
return { tonumber(fact('replication', 'connected_slaves') or 0), unpack(cursors) }
`)

/** ARGV: bytes and time to keep. Returns the number of events removed. */
export const EXPIRE = script(`return expire(tonumber(ARGV[1]), ARGV[2], 100000)`)

/**
 * ARGV: position, count. Returns the end of the log (`''` if there is none), whether the server has restarted since
 * that end was written, and the entries after the position.
 */
export const FETCH = script(`
-- Reading works on a replica too, but no reader should stay with a former primary.
if string.find(tostring(replication), 'role:slave', 1, true) then return redis.error_reply('READONLY a replica') end
local kept = redis.call('HMGET', state, 'epoch', 'n', 'run')
local last = kept[1] and (kept[1] .. '-' .. kept[2]) or ''
local entries = redis.call('XRANGE', log, '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
return { last, kept[3] == run and 0 or 1, entries }
`)

/** ARGV: 'latest', 'earliest', or a time. Returns the position before the first event from there on. */
export const FIND = script(`
local kept = redis.call('HMGET', state, 'epoch', 'n')
local last = kept[1] and (kept[1] .. '-' .. kept[2]) or '0-0'
if ARGV[1] == 'latest' then return last end
local function before(entry)
  local epoch, n = parts(entry[1])
  return number(epoch) .. '-' .. number(n - 1)
end
local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
if not first then return last end
if ARGV[1] == 'earliest' or fieldOf(first, 't') >= ARGV[1] then return before(first) end

-- Bisects the ids: first the epoch, then the number.
local function from(epoch, n)
  return redis.call('XRANGE', log, number(epoch) .. '-' .. number(n), '+', 'COUNT', 1)[1]
end
local low, lowN = parts(first[1])
local high = parts(last)
while low < high do
  local middle = math.floor((low + high) / 2) + 1
  local entry = from(middle, 0)
  if entry and fieldOf(entry, 't') < ARGV[1] then
    low, lowN = parts(entry[1])
  else
    high = middle - 1
  end
end
local top = parts(last) == low and select(2, parts(last)) or lowN + 1000000000
while lowN < top do
  local middle = math.floor((lowN + top) / 2) + 1
  local entry = from(low, middle)
  local epoch, n = 0, 0
  if entry then epoch, n = parts(entry[1]) end
  if entry and epoch == low and fieldOf(entry, 't') < ARGV[1] then
    lowN = n
  else
    top = middle - 1
  end
end
return number(low) .. '-' .. number(lowN)
`)

/** ARGV: group, position. Commits the position if the group has none; returns the committed one. */
export const JOIN = script(`
redis.call('HSETNX', groups, ARGV[1], ARGV[2])
return redis.call('HGET', groups, ARGV[1])
`)

/** KEYS[4]: the holders of the group's lock. ARGV: group, position, member. Commits only for the lock's holder. */
export const COMMIT = script(`
if not redis.call('ZSCORE', KEYS[4], ARGV[3]) then return 0 end
redis.call('HSET', groups, ARGV[1], ARGV[2])
return 1
`)
