/**
 * The Lua scripts of logs whose owner is not one process: an executor owns the log by its claim of an answer, and any
 * replica of the API writes what the executor reports. Fields of `meta` besides those in `scripts.ts`: claim (how often the
 * answer at `step` had been claimed), from (newest number of the events that the claim's executor has sent), shown (step and
 * claim that the events of the log are about).
 */
import { CLOCK, EXECUTORS } from './scripts.js';

/**
 * Makes a claim the owner of a stream, unless it is already.
 * KEYS meta, stream. ARGV step, claim, ttl, 1 when the stream cannot have had events that Redis has lost.
 * Output {epoch, last, born, from, shown or ''}; epoch 0 when the stream has ended, -1 when a newer claim or a run owns it.
 */
export const CLAIM = `${CLOCK}
local m = redis.call('HMGET', KEYS[1], 'epoch', 'last', 'term', 'born', 'step', 'claim', 'from', 'owner', 'free', 'shown')
local last, born = tonumber(m[2] or '0'), m[4] or clock
if m[3] then return {0, last, born, 0, ''} end
local step, claim = tonumber(m[5] or '0'), tonumber(m[6] or '0')
local wanted, offer = tonumber(ARGV[1]), tonumber(ARGV[2])
if step > wanted or (step == wanted and claim > offer) then return {-1, last, born, 0, ''} end
if step == wanted and claim == offer then
  if m[8] ~= '${EXECUTORS}' then return {-1, last, born, 0, ''} end
  return {tonumber(m[1]), last, born, tonumber(m[7]), m[10] or ''}
end
redis.call('HSET', KEYS[1], 'born', born, 'epoch', tonumber(m[1] or '0') + 1, 'last', last, 'owner', '${EXECUTORS}',
  'step', ARGV[1], 'claim', ARGV[2], 'from', 0, 'free', last, 'at', clock, 'claimed', tonumber(m[1] or '0') + 1)
if (m[1] and m[9] ~= tostring(last)) or (not m[4] and ARGV[4] ~= '1') then redis.call('HSET', KEYS[1], 'base', last) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {tonumber(m[1] or '0') + 1, last, born, 0, m[10] or ''}
`;

/**
 * Appends one batch for a claim, if the log ends where the caller has read it, and publishes it.
 * KEYS meta, stream. ARGV epoch, born, last before the batch, last of it, flags (t = terminal), ttl, channel, text, from
 * ('' = as before), shown.
 * Output {1, bytes since the newest snapshot}; {-1, 0} when the claim does not own the log any more, {-2, 0} when others
 * have written meanwhile.
 */
export const WRITE = `${CLOCK}
local m = redis.call('HMGET', KEYS[1], 'epoch', 'born', 'last', 'term')
if m[4] or m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return {-1, 0} end
if m[3] ~= ARGV[3] then return {-2, 0} end
local first = tonumber(ARGV[3]) + 1
redis.call('XADD', KEYS[2], ARGV[4] .. '-0', 'f', first, 'k', ARGV[5], 'd', ARGV[8])
redis.call('HSET', KEYS[1], 'last', ARGV[4], 'free', ARGV[4], 'at', clock, 'shown', ARGV[10])
if ARGV[9] ~= '' then redis.call('HSET', KEYS[1], 'from', ARGV[9]) end
if ARGV[5] == 't' then redis.call('HSET', KEYS[1], 'term', ARGV[4]) end
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('EXPIRE', KEYS[2], ARGV[6])
redis.call('PUBLISH', ARGV[7], first .. ',' .. ARGV[4] .. ',' .. ARGV[5] .. ',' .. ARGV[2] .. '\\n' .. ARGV[8])
return {1, redis.call('HINCRBY', KEYS[1], 'bytes', #ARGV[8])}
`;
