/**
 * The Lua scripts of the stream log. All of them keep one invariant: the log of a stream has no gaps and no
 * duplicates, and only the newest owner (the highest epoch of the newest log) may write to it.
 *
 * `meta` is a hash: born (when the log began, by the server's clock: a log that is begun again after Redis has lost its
 * data numbers its events anew), epoch, last (sequence number), pos (place in the queue), term (set once the stream has
 * ended), base (last event before the newest owner restarted the answer), owner (name of the newest owner's process), at
 * (milliseconds since the epoch, by the server's clock, of its newest event or of the take-over), free (number of the
 * newest event when an owner has left the log without having sent anything that is not in it), snap (newest event of the
 * snapshot), bytes (of events since then, where executors own the log), step (position in the task from which on the
 * newest owner answers, where executors answer steps of the turn), claimed (epoch of the newest owner that was an executor).
 */

/** `owner` of logs that executors own: see `claim-scripts.ts`. */
export const EXECUTORS = 'executors';

/** The server's clock in milliseconds, as text: as a number it would lose digits. */
export const CLOCK = `
local time = redis.call('TIME')
local clock = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
`;

/**
 * Makes the caller the owner of a stream.
 * KEYS meta, stream. ARGV ttl, owner, position in the task of the first answer that the caller gives (0 when it begins the
 * turn).
 * Output {epoch, last, born, 1 when the answer may be restarted, owners since the newest executor, 1 when readers have nothing
 * beyond what executors have left}; epoch 0 when the stream has ended, -1 when it is about later answers already.
 */
export const BEGIN = `${CLOCK}
local m = redis.call('HMGET', KEYS[1], 'epoch', 'last', 'term', 'born', 'free', 'base', 'step', 'claimed')
local last, born, claimed = tonumber(m[2] or '0'), m[4] or clock, tonumber(m[8] or '0')
if m[3] then return {0, last, born, 0, 0, 0} end
if tonumber(m[7] or '0') > tonumber(ARGV[3]) then return {-1, last, born, 0, 0, 0} end
local epoch = tonumber(m[1] or '0') + 1
redis.call('HSET', KEYS[1], 'born', born, 'epoch', epoch, 'last', last, 'owner', ARGV[2], 'at', clock)
if ARGV[3] ~= '0' then redis.call('HSET', KEYS[1], 'step', ARGV[3]) end
local restarted = epoch > 1 and m[5] ~= tostring(last)
if restarted then redis.call('HSET', KEYS[1], 'base', last) end
redis.call('HDEL', KEYS[1], 'free')
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return {epoch, last, born, (restarted or m[6]) and 1 or 0, epoch - claimed, (claimed > 0 and not restarted) and 1 or 0}
`;

/**
 * Notes that an owner has left the log, and has sent nothing that is not in it.
 * KEYS meta. ARGV epoch, born, newest event.
 */
export const LEAVE = `
local m = redis.call('HMGET', KEYS[1], 'epoch', 'born', 'last', 'term')
if m[4] or m[1] ~= ARGV[1] or m[2] ~= ARGV[2] or m[3] ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'free', ARGV[3])
return 1
`;

/** Arguments of one stream in {@link APPEND}. */
export const APPEND_ARGS = 9;

/**
 * Appends one batch to each of several streams and publishes it.
 * KEYS meta, stream (per stream). ARGV epoch, first, last, flags, ttl, channel, repair, text, born (per stream).
 * flags: t = terminal, r = self-contained. repair 1 = accept a gap before the batch. born: of the log that the owner has
 * begun; a log that is gone is begun again with it.
 * Output per stream: 1 + subscribers of its channel when it was written, 1 when it was before, -1 another owner, -2 the
 * log misses what comes before.
 */
export const APPEND = `${CLOCK}
local out = {}
for i = 1, #KEYS / 2 do
  local meta, stream, a = KEYS[2 * i - 1], KEYS[2 * i], (i - 1) * ${APPEND_ARGS}
  local m = redis.call('HMGET', meta, 'epoch', 'last', 'born')
  local first, last, born = tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3]), ARGV[a + 9]
  local at = tonumber(m[2] or '0')
  local repair = ARGV[a + 7] == '1'
  local own = m[3] == born and m[1] == ARGV[a + 1]
  if m[3] and (m[3] > born or (m[3] == born and tonumber(m[1]) > tonumber(ARGV[a + 1]))) then
    out[i] = -1
  elseif own and at >= last then
    out[i] = 1
  elseif not repair and (not own or at ~= first - 1) then
    out[i] = -2
  else
    redis.call('XADD', stream, last .. '-0', 'f', first, 'k', ARGV[a + 4], 'd', ARGV[a + 8])
    redis.call('HSET', meta, 'born', born, 'epoch', ARGV[a + 1], 'last', last, 'at', clock)
    if not repair and string.find(ARGV[a + 4], 'r') then redis.call('HSET', meta, 'base', first - 1) end
    if string.find(ARGV[a + 4], 't') then redis.call('HSET', meta, 'term', last) end
    if ARGV[a + 5] ~= '' then
      redis.call('EXPIRE', meta, ARGV[a + 5])
      redis.call('EXPIRE', stream, ARGV[a + 5])
    end
    local text = first .. ',' .. last .. ',' .. ARGV[a + 4] .. ',' .. born .. '\\n' .. ARGV[a + 8]
    out[i] = 1 + redis.call('PUBLISH', ARGV[a + 6], text)
  end
end
return out
`;

/**
 * Stores the whole text up to \`seq\` and removes the events that it replaces.
 * KEYS meta, stream, snapshot. ARGV epoch, seq, ttl, json, born.
 */
export const SNAPSHOT = `
local m = redis.call('HMGET', KEYS[1], 'epoch', 'born', 'snap')
if m[1] ~= ARGV[1] or m[2] ~= ARGV[5] or tonumber(m[3] or '0') >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'snap', ARGV[2], 'bytes', 0)
redis.call('SET', KEYS[3], ARGV[4], 'EX', ARGV[3])
redis.call('XTRIM', KEYS[2], 'MINID', (ARGV[2] + 1) .. '-0')
return 1
`;

/** Arguments of one stream in {@link ANNOUNCE}. */
export const ANNOUNCE_ARGS = 3;

/**
 * Appends the queue position to each stream without an owner, where it has changed.
 * KEYS meta, stream (per stream). ARGV ttl, then position, subtask id, channel (per stream).
 */
export const ANNOUNCE = `${CLOCK}
for i = 1, #KEYS / 2 do
  local meta, stream, a = KEYS[2 * i - 1], KEYS[2 * i], 1 + (i - 1) * ${ANNOUNCE_ARGS}
  local m = redis.call('HMGET', meta, 'epoch', 'last', 'pos', 'term', 'born')
  if not m[1] and not m[4] and m[3] ~= ARGV[a + 1] then
    local seq = tonumber(m[2] or '0') + 1
    local text = 'id: ' .. ARGV[a + 2] .. '-' .. seq .. '\\ndata: {"type":"queued","position":' .. ARGV[a + 1] .. '}\\n\\n'
    redis.call('XADD', stream, seq .. '-0', 'f', seq, 'k', '', 'd', text)
    local born = m[5] or clock
    redis.call('HSET', meta, 'last', seq, 'pos', ARGV[a + 1], 'born', born)
    redis.call('EXPIRE', meta, ARGV[1])
    redis.call('EXPIRE', stream, ARGV[1])
    redis.call('PUBLISH', ARGV[a + 3], seq .. ',' .. seq .. ',,' .. born .. '\\n' .. text)
  end
end
return 1
`;

/**
 * Reads owner and newest event of a stream.
 * KEYS meta, stream.
 * Output {owner or '', at or '', clock, text of the newest entry}.
 */
export const STREAM_HEALTH = `${CLOCK}
local m = redis.call('HMGET', KEYS[1], 'owner', 'at')
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
return {m[1] or '', m[2] or '', clock, newest and newest[2][6] or ''}
`;
