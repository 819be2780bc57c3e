-- The values of as many keys as fit. KEYS: values. ARGV: bytes max, keys...
local found, room = {}, tonumber(ARGV[1])
for at = 2, #ARGV do
  local size = redis.call('HSTRLEN', KEYS[1], ARGV[at])
  if size > room and at > 2 then break end
  room = room - size
  found[at - 1] = redis.call('HGET', KEYS[1], ARGV[at])
end
return found
