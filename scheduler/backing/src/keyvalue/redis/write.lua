-- Applies writes to one bucket, all or none, and keeps the books. Followed by the part that decides the writes.
-- KEYS: values, order, numbers, usage, namespaces. ARGV: bucket, namespace, bytes max, buckets max, overhead, ...
local values, order, numbers, usage, namespaces = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local bucket, namespace = ARGV[1], ARGV[2]
local bytes_max, buckets_max, overhead = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

-- Numbers in Lua print in scientific notation from 1e14 on.
local function text(number) return string.format('%.0f', number) end

-- `writes` maps keys to values, or to false where a key goes.
local function apply(writes)
  local growth, begins = 0, false
  for key, value in pairs(writes) do
    if redis.call('HEXISTS', values, key) == 1 then
      growth = growth - #key - redis.call('HSTRLEN', values, key) - overhead
    end
    if value then
      growth = growth + #key + #value + overhead
      begins = true
    end
  end
  local bytes = tonumber(redis.call('HGET', usage, 'bytes') or '0') + growth
  if growth > 0 and bytes > bytes_max then
    return redis.error_reply('INSULABYTES ' .. text(bytes))
  end
  if begins and redis.call('HEXISTS', numbers, bucket) == 0 and redis.call('HLEN', numbers) >= buckets_max then
    return redis.error_reply('INSULABUCKETS full')
  end
  for key, value in pairs(writes) do
    if value then
      if redis.call('HSET', values, key, value) == 1 then
        redis.call('ZADD', order, text(redis.call('HINCRBY', numbers, bucket, 1)), key)
      end
    else
      redis.call('HDEL', values, key)
      redis.call('ZREM', order, key)
    end
  end
  if redis.call('EXISTS', values) == 0 then
    redis.call('HDEL', numbers, bucket)
  end
  if redis.call('EXISTS', numbers) == 0 then
    redis.call('DEL', usage)
    redis.call('SREM', namespaces, namespace)
  else
    redis.call('HSET', usage, 'bytes', text(bytes))
    redis.call('SADD', namespaces, namespace)
  end
  return nil
end
