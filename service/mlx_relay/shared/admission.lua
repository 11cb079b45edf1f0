-- Who holds which place, and who waits in which order, at all relays together.
--
-- A relay is here as long as it renews its lease. Whoever comes after that takes away all that it
-- held. A stream is a token of its relay's. Keys, after the prefix KEYS[1]:
--   relays          sorted set: each relay, by the time at which its lease runs out
--   held:R          hash, the streams of relay R: token -> "user profile state", r runs, w waits
--   counts          hash: all, user:U, profile:P (runs), queued:P (waits)
--   turn            the number of the last turn that was given out
--   turns:P         sorted set, the users who wait for profile P, by the number of their turn
--   line:P:U        list, the streams of user U that wait for profile P: "relay token"

local prefix = KEYS[1]
local verb, relay = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function held(name) return prefix .. 'held:' .. name end
local function turns(profile) return prefix .. 'turns:' .. profile end
local function line(profile, user) return prefix .. 'line:' .. profile .. ':' .. user end

local function counted(name)
  return tonumber(redis.call('HGET', prefix .. 'counts', name) or 0)
end

local function count(name, by)
  if redis.call('HINCRBY', prefix .. 'counts', name, by) <= 0 then
    redis.call('HDEL', prefix .. 'counts', name)
  end
end

local function is_full(name, limit)
  limit = tonumber(limit)
  return limit > 0 and counted(name) >= limit
end

local function take_turn(profile, user)
  redis.call('ZADD', turns(profile), redis.call('INCR', prefix .. 'turn'), user)
end

local function keep(token, user, profile, state)
  redis.call('HSET', held(relay), token, user .. ' ' .. profile .. ' ' .. state)
  count('all', 1)
  count('user:' .. user, 1)
  if state == 'r' then
    count('profile:' .. profile, 1)
  else
    count('queued:' .. profile, 1)
    if redis.call('RPUSH', line(profile, user), relay .. ' ' .. token) == 1 then
      take_turn(profile, user)
    end
  end
end

local function drop(name, token)
  local entry = redis.call('HGET', held(name), token)
  if not entry then return end
  redis.call('HDEL', held(name), token)
  local user, profile, state = entry:match('(%S+) (%S+) (%S+)')
  count('all', -1)
  count('user:' .. user, -1)
  if state == 'r' then
    count('profile:' .. profile, -1)
  else
    count('queued:' .. profile, -1)
    redis.call('LREM', line(profile, user), 1, name .. ' ' .. token)
    if redis.call('EXISTS', line(profile, user)) == 0 then
      redis.call('ZREM', turns(profile), user)
    end
  end
end

local function bury(name)
  for _, token in ipairs(redis.call('HKEYS', held(name))) do drop(name, token) end
  redis.call('ZREM', prefix .. 'relays', name)
end

local function bury_the_dead()
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', prefix .. 'relays', '-inf', now)) do
    bury(name)
  end
end

-- Let in whom there is a place for: the first stream of the user whose turn it is, who is last then.
local function advance(profile, limit)
  while not is_full('profile:' .. profile, limit) do
    local user = redis.call('ZRANGE', turns(profile), 0, 0)[1]
    if not user then return end
    local name, token = redis.call('LPOP', line(profile, user)):match('(%S+) (%S+)')
    redis.call('HSET', held(name), token, user .. ' ' .. profile .. ' r')
    count('queued:' .. profile, -1)
    count('profile:' .. profile, 1)
    if redis.call('EXISTS', line(profile, user)) == 1 then
      take_turn(profile, user)
    else
      redis.call('ZREM', turns(profile), user)
    end
  end
end

-- Return a word, and the streams of this relay that wait, each followed by its position: one of each
-- user by turns, as they would be let in.
local function positions(profile)
  local lines, found, position, longest = {}, { 'positions' }, 0, 0
  for _, user in ipairs(redis.call('ZRANGE', turns(profile), 0, -1)) do
    local one = redis.call('LRANGE', line(profile, user), 0, -1)
    lines[#lines + 1] = one
    longest = math.max(longest, #one)
  end
  for row = 1, longest do
    for _, one in ipairs(lines) do
      if one[row] then
        position = position + 1
        local name, token = one[row]:match('(%S+) (%S+)')
        if name == relay then
          found[#found + 1] = token
          found[#found + 1] = position
        end
      end
    end
  end
  return found
end

local function is_here() return redis.call('ZSCORE', prefix .. 'relays', relay) end

local function renew(milliseconds)
  redis.call('ZADD', prefix .. 'relays', now + milliseconds, relay)
end

local verbs = {}

-- Come, or come back, with all the streams that this relay has: four words each, and many of them.
function verbs.come(milliseconds)
  bury(relay)
  renew(milliseconds)
  for first = 4, #ARGV, 4 do
    keep(ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3])
  end
  return { 'come' }
end

function verbs.renew(milliseconds)
  renew(milliseconds)
  return { 'renewed' }
end

function verbs.join(token, user, profile, limit, all, of_user, queue, queue_of_user)
  if is_full('all', all) then return { 'full' } end
  if is_full('user:' .. user, of_user) then return { 'user_full' } end
  advance(profile, limit)
  local somebody_waits = redis.call('EXISTS', turns(profile)) == 1
  if not somebody_waits and not is_full('profile:' .. profile, limit) then
    keep(token, user, profile, 'r')
    return { 'runs' }
  end
  queue_of_user = tonumber(queue_of_user)
  if queue_of_user > 0 and redis.call('LLEN', line(profile, user)) >= queue_of_user then
    return { 'user_queue_full' }
  end
  if is_full('queued:' .. profile, queue) then return { 'queue_full' } end
  keep(token, user, profile, 'w')
  return positions(profile)
end

function verbs.leave(token, profile, limit)
  drop(relay, token)
  advance(profile, limit)
  return positions(profile)
end

function verbs.look(profile, limit)
  advance(profile, limit)
  return positions(profile)
end

function verbs.go()
  bury(relay)
  return { 'gone' }
end

bury_the_dead()
if verb ~= 'come' and not is_here() then return { 'unknown' } end
return verbs[verb](unpack(ARGV, 3, 10))
