-- ARGV from 6: key, delta. Lua's numbers hold 53 bits, so decimal texts of up to 20 digits are added by hand.
local key, delta = ARGV[6], ARGV[7]
local value = redis.call('HGET', values, key) or '0'
if #value > 20 or not string.find(value, '^%d+$') then
  return redis.error_reply('INSULANUMBER none')
end
local function strip(digits)
  digits = string.gsub(digits, '^0+', '')
  return digits == '' and '0' or digits
end
local max = '18446744073709551615'
local function fits(digits) return #digits < #max or (#digits == #max and digits <= max) end

value = strip(value)
if not fits(value) then
  return redis.error_reply('INSULANUMBER none')
end
local length, carry, sum = math.max(#value, #delta), 0, {}
-- Counted from the last; a text that is shorter goes on with zeros (a place below 1 would count from its end).
local function digit_of(text, at) return at < #text and string.byte(text, #text - at) - 48 or 0 end
for at = 0, length - 1 do
  local digit = digit_of(value, at) + digit_of(delta, at) + carry
  carry = digit >= 10 and 1 or 0
  sum[length - at] = digit - 10 * carry
end
local result = strip((carry == 1 and '1' or '') .. table.concat(sum))
if not fits(result) then
  return redis.error_reply('INSULAOVERFLOW max')
end
return apply({ [key] = result }) or result
