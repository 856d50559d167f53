"""What the room store does inside Redis, each script whole or not at all.

- All keys that a script names are of one slot: those of one room (``m``, what is known of it;
  ``j``, its journal; ``c``, its checkpoints) or those of one worker. ``APPEND`` takes several
  rooms, which the caller may put into one call where there are no slots.
- Nothing here asks what time it is. The journal is a stream whose ids are ours: the tick.
- Ticks come and go as text: Lua would write large numbers with an exponent.
- A script looks first and writes then. It may be refused at its first write (no memory left), and
  has changed nothing; after its first write Redis lets it end.
"""

_FENCED = """
local function fenced(token, given)
  return token ~= given or given == '' or string.sub(given, -1) == ':'
end
"""
"""Whether ``given`` is not the lease that stands in the room; what ends in a colon is none."""

_TRIM = """
local function trim(meta, journal, unarchived)
  local known = redis.call('HMGET', meta, 'older', 'archived')
  if not known[1] then return end
  local last = tonumber(known[1])
  if unarchived ~= '1' then last = math.min(last, tonumber(known[2] or '0')) end
  if last > 0 then
    redis.call('XTRIM', journal, 'MINID', '=', string.format('%.0f', last + 1))
  end
end
"""

ENTER = """
-- KEYS beats, the worker's rooms; ARGV worker, members
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
for i = 2, #ARGV do redis.call('SADD', KEYS[2], ARGV[i]) end
redis.call('PERSIST', KEYS[2])
return 1
"""
"""Enter rooms under a worker before they are acquired. It is a sign of life as well: so who struck
the worker off meanwhile is undone, and who is about to is stopped."""

STRIKE = """
-- KEYS beats, the worker's rooms; ARGV worker, the beat that was seen or '', seconds
local beat = redis.call('HGET', KEYS[1], ARGV[1])
if ARGV[2] ~= '' and beat and beat ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
"""

ACQUIRE = """
-- KEYS m; ARGV seen, worker, nonce, above
local known = redis.call('HMGET', KEYS[1], 'token', 'epoch', 'tick', 'worker')
local token, epoch, tick, before = known[1] or '', known[2] or '0', known[3] or '0', known[4] or ''
if token ~= ARGV[1] then return {0, token, epoch, tick, before} end
if not known[3] and tonumber(ARGV[4]) > 0 then tick = '-1' end
epoch = string.format('%.0f', math.max(tonumber(epoch), tonumber(ARGV[4])) + 1)
token = epoch .. ':' .. ARGV[3]
redis.call('HSET', KEYS[1], 'token', token, 'epoch', epoch, 'tick', tick, 'worker', ARGV[2])
return {1, token, epoch, tick, before}
"""

RELEASE = """
-- KEYS m; ARGV the owner's token, that of the released room
local known = redis.call('HMGET', KEYS[1], 'token', 'worker')
if known[1] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'token', ARGV[2])
elseif known[1] ~= ARGV[2] then
  return ''
end
return known[2]
"""
"""The worker that had it; empty if it was not the owner's token."""

FORGET = (
    _FENCED
    + """
-- KEYS m, j, c; ARGV token
local known = redis.call('HMGET', KEYS[1], 'token', 'worker')
if not known[1] then return {1, ''} end
if fenced(known[1], ARGV[1]) then return {0, ''} end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
return {1, known[2]}
"""
)

APPEND = (
    _FENCED
    + """
-- KEYS m, j of each room; ARGV for each room: token, n, n times tick and payload
local function verdict(meta, journal, known, tick, payload)
  local number, last = tonumber(tick), tonumber(known[2])
  if last < 0 then return 'gap' end
  if number == last + 1 then
    redis.call('XADD', journal, tick .. '-0', 'e', known[3], 'p', payload)
    redis.call('HSET', meta, 'tick', tick)
    known[2] = tick
    return 'ok'
  end
  if number > last then return 'gap' end
  if number < 1 then return 'conflict' end
  local there = redis.call('XRANGE', journal, tick, tick)[1]
  if not there or there[2][4] ~= payload then return 'conflict' end
  -- A write, so that a WAIT behind it covers what was written when the answer was lost.
  redis.call('HSET', meta, 'tick', known[2])
  return 'dup'
end

local function room(meta, journal, first, count, answers)
  local known = redis.call('HMGET', meta, 'token', 'tick', 'epoch')
  local refused = fenced(known[1], ARGV[first - 2]) and 'fenced'
  for i = first, first + 2 * (count - 1), 2 do
    local answer = refused or verdict(meta, journal, known, ARGV[i], ARGV[i + 1])
    if answer == 'gap' or answer == 'conflict' then refused = answer end
    answers[#answers + 1] = answer
  end
end

local function elsewhere(text)
  for _, kind in ipairs({'OOM', 'MISCONF', 'READONLY', 'NOREPLICAS', 'MASTERDOWN', 'CROSSSLOT'}) do
    if string.find(text, kind, 1, true) then return true end
  end
  return false
end

local answers, at = {}, 1
for i = 1, #KEYS, 2 do
  local count, before = tonumber(ARGV[at + 1]), #answers
  local ok, err = pcall(room, KEYS[i], KEYS[i + 1], at + 2, count, answers)
  if not ok then
    local text = type(err) == 'table' and err.err or tostring(err)
    if elsewhere(text) then return redis.error_reply(text) end
    -- A room whose keys somebody spoilt is as good as gone, and must not stop the others.
    for j = before + 1, before + count do answers[j] = 'fenced' end
  end
  at = at + 2 + 2 * count
end
return answers
"""
)

CHECKPOINT = (
    _FENCED
    + _TRIM
    + """
-- KEYS m, j, c; ARGV token, tick, blob, trim what is not archived
local known = redis.call('HMGET', KEYS[1], 'token', 'tick', 'newest', 'older')
if fenced(known[1], ARGV[1]) then return 'fenced' end
local tick = tonumber(ARGV[2])
if tick > tonumber(known[2]) then return 'gap' end
if known[3] and tick <= tonumber(known[3]) then return 'dup' end
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
if known[4] then redis.call('HDEL', KEYS[3], known[4]) end
redis.call('HSET', KEYS[1], 'newest', ARGV[2])
if known[3] then redis.call('HSET', KEYS[1], 'older', known[3]) end
trim(KEYS[1], KEYS[2], ARGV[4])
return 'ok'
"""
)

ARCHIVED = (
    _FENCED
    + _TRIM
    + """
-- KEYS m, j; ARGV token, tick, trim what is not archived
local known = redis.call('HMGET', KEYS[1], 'token', 'tick', 'archived')
if fenced(known[1], ARGV[1]) then return 'fenced' end
local tick = tonumber(ARGV[2])
if tick > tonumber(known[2]) then return 'gap' end
if tick <= tonumber(known[3] or '0') then return 'dup' end
redis.call('HSET', KEYS[1], 'archived', ARGV[2])
trim(KEYS[1], KEYS[2], ARGV[3])
return 'ok'
"""
)

RESTORE = (
    _FENCED
    + """
-- KEYS m, j, c; ARGV token, tick, blob
local known = redis.call('HMGET', KEYS[1], 'token', 'tick')
if fenced(known[1], ARGV[1]) then return 'fenced' end
local tick, last = tonumber(ARGV[2]), tonumber(known[2])
if tick < last then return 'conflict' end
if tick == last then return 'dup' end
redis.call('HSET', KEYS[1], 'tick', ARGV[2], 'newest', ARGV[2], 'archived', ARGV[2])
redis.call('HDEL', KEYS[1], 'older')
redis.call('UNLINK', KEYS[2], KEYS[3])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
return 'ok'
"""
)

LOAD = (
    _FENCED
    + """
-- KEYS m, j, c; ARGV token, field of the checkpoint
local known = redis.call('HMGET', KEYS[1], 'token', 'tick', 'newest', ARGV[2])
if fenced(known[1], ARGV[1]) then return {'fenced'} end
local at, blob = known[4] or known[3] or '', ''
if at ~= '' then blob = redis.call('HGET', KEYS[3], at) end
local first = string.format('%.0f', tonumber(at ~= '' and at or '0') + 1)
return {'ok', known[2], at, blob, redis.call('XRANGE', KEYS[2], first, '+')}
"""
)
