import { Injectable, Logger } from '@nestjs/common';
import { logLine } from '../infra/database/database-errors.js';
import { keys } from '../infra/redis/keys.js';
import { RedisClients } from '../infra/redis/redis-clients.js';
import type { ExecutorReportDto } from './executor-reports.dto.js';

/** Longer than an executor repeats a report that was not answered (Wegent's: 17 minutes). */
const TTL_SECONDS = 3600;

const NOTE = `
local event, seq, name, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if event ~= '' then redis.call('HSET', KEYS[1], 'event:' .. event, '1') end
if name ~= '' then redis.call('HSETNX', KEYS[1], 'executor', name) end
if seq ~= '' then
  local known = redis.call('HGET', KEYS[1], 'seq')
  if not known or tonumber(known) < tonumber(seq) then redis.call('HSET', KEYS[1], 'seq', seq) end
end
redis.call('EXPIRE', KEYS[1], ttl)
return 1
`;

export interface ReportNotes {
  newestSeq: number | null;
  isKnownEvent: boolean;
  executorName: string;
}

/** A report, and how often its subtask had been handed out when it came. */
export interface NotedReport {
  report: ExecutorReportDto;
  offer: number;
}

/** Remembers which reports of an executor are in the queue already, so that who repeats one is told at once. */
@Injectable()
export class ReportNotebook {
  private readonly log = new Logger('ReportNotebook');

  private readonly scripts: { executorNote: (...args: (string | number)[]) => Promise<unknown> };

  constructor(private readonly redis: RedisClients) {
    redis.commands.defineCommand('executorNote', { lua: NOTE, numberOfKeys: 1 });
    this.scripts = redis.commands as unknown as typeof this.scripts;
  }

  /** @returns one per report, in the same order @throws when Redis is away */
  read(reports: readonly NotedReport[]): Promise<ReportNotes[]> {
    return Promise.all(reports.map((noted) => this.readOne(noted)));
  }

  /** After the reports are queued: the other way round, a crash in between would have them taken for duplicates. */
  async note(reports: readonly NotedReport[]): Promise<void> {
    try {
      await Promise.all(reports.map((noted) => this.noteOne(noted)));
    } catch (error) {
      // The processor knows repeated reports, too.
      this.log.warn(`${reports.length} report(s) not noted: ${logLine(error)}`);
    }
  }

  private async readOne({ report: { subtask_id: id, event_id: eventId }, offer }: NotedReport): Promise<ReportNotes> {
    const fields = ['seq', 'executor', ...(eventId == null ? [] : [`event:${eventId}`])];
    const [seq, name, event] = await this.redis.commands.hmget(keys.executorReports(id, offer), ...fields);

    return { newestSeq: seq == null ? null : Number(seq), isKnownEvent: event != null, executorName: name ?? '' };
  }

  private noteOne({ report, offer }: NotedReport): Promise<unknown> {
    const { subtask_id: id, event_id: eventId, seq, executor_name: name } = report;
    const values = [eventId ?? '', seq ?? '', name ?? '', TTL_SECONDS];

    return this.scripts.executorNote(keys.executorReports(id, offer), ...values);
  }
}
