-- Failed sign-ins at all relays together. KEYS are windows, each a list of the times of its last
-- failures, the oldest first. ARGV: the verb, then for each window how many tries in how many
-- milliseconds. A list goes with its window.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Count a try before its password is looked at; return for how many seconds there are no more.
if ARGV[1] == 'begin' then
  for number, key in ipairs(KEYS) do
    local tries, window = tonumber(ARGV[number * 2]), tonumber(ARGV[number * 2 + 1])
    if redis.call('LLEN', key) >= tries then
      local wait = redis.call('LINDEX', key, 0) + window - now
      if wait > 0 then return math.floor(wait / 1000) + 1 end
    end
  end
  for number, key in ipairs(KEYS) do
    redis.call('RPUSH', key, now)
    redis.call('LTRIM', key, -tonumber(ARGV[number * 2]), -1)
    redis.call('PEXPIRE', key, ARGV[number * 2 + 1])
  end
  return 0
end

-- It was right: take the try back everywhere, and forgive the first window, the pair's.
for _, key in ipairs(KEYS) do redis.call('RPOP', key) end
redis.call('DEL', KEYS[1])
return 0
