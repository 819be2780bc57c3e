-- ARGV from 6: key, whether a value is expected, that value, whether there is a new one, that value.
-- Answers 1, or a list with the value that was found, empty if there was none.
local key = ARGV[6]
local found = redis.call('HGET', values, key)
local expected = ARGV[7] == '1' and ARGV[8]
if found ~= expected then
  return found and { found } or {}
end
return apply({ [key] = ARGV[9] == '1' and ARGV[10] }) or 1
