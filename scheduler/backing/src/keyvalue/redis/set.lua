-- ARGV from 6: for each key the key, '1' or '0' for whether it has a value, and the value.
local writes = {}
for at = 6, #ARGV, 3 do
  writes[ARGV[at]] = ARGV[at + 1] == '1' and ARGV[at + 2]
end
return apply(writes) or 1
