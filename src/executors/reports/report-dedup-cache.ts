import { Injectable, Logger } from '@nestjs/common';
import { logLine } from '../../infra/database/database-errors.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import type { ExecutorReportDto } from './executor-reports.dto.js';

/** Longer than an executor repeats a report that was not answered (Wegent's: 17 minutes). */
const TTL_SECONDS = 3600;

/** KEYS one per report. ARGV the name of each, or nothing. */
const READ = `
local known = {}
for i, key in ipairs(KEYS) do
  known[i] = redis.call('HMGET', key, 'seq', 'executor', 'event:' .. ARGV[i])
end
return known
`;

/** KEYS one per report. ARGV ttl, then name, number and executor of each, or nothing. */
const REMEMBER = `
for i, key in ipairs(KEYS) do
  local event, seq, executor = ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
  if event ~= '' then redis.call('HSET', key, 'event:' .. event, '1') end
  if executor ~= '' then redis.call('HSETNX', key, 'executor', executor) end
  if seq ~= '' then
    local known = redis.call('HGET', key, 'seq')
    if not known or tonumber(known) < tonumber(seq) then redis.call('HSET', key, 'seq', seq) end
  end
  redis.call('EXPIRE', key, ARGV[1])
end
return 1
`;

type Scripts = Record<'readReports' | 'rememberReports', (...args: (string | number)[]) => Promise<unknown>>;
type StoredReport = [seq: string | null, executor: string | null, event: string | null];

/** What is remembered of the executor that sent a report, and of the report. */
export interface KnownReport {
  /** Newest number among the reports of its executor; null when they have none. */
  newestSeq: number | null;
  /** A report with this id was received before. */
  isKnownEvent: boolean;
  /** Which executor has the subtask now; empty when it is not known. */
  executorName: string;
}

/** A report, and how often its subtask had been claimed when it came. */
export interface DedupEntry {
  report: ExecutorReportDto;
  attempt: number;
}

/** Remembers which reports of an executor are queued already, so that a repeated one is answered without queueing it. */
@Injectable()
export class ReportDedupCache {
  private readonly log = new Logger(ReportDedupCache.name);

  private readonly scripts: Scripts;

  constructor(private readonly redis: RedisClients) {
    redis.commands.defineCommand('readReports', { lua: READ });
    redis.commands.defineCommand('rememberReports', { lua: REMEMBER });
    this.scripts = redis.commands as unknown as Scripts;
  }

  /** @returns one per report, in the same order @throws when Redis is away */
  async read(reports: readonly DedupEntry[]): Promise<KnownReport[]> {
    const known = await Promise.all(this.groups(reports).map((group) => this.readTogether(group)));

    return known.flat();
  }

  /** After the reports are queued: the other way round, a crash in between would make their repetitions duplicates. */
  async remember(reports: readonly DedupEntry[]): Promise<void> {
    try {
      await Promise.all(this.groups(reports).map((group) => this.rememberTogether(group)));
    } catch (error) {
      // The processor detects repeated reports, too.
      this.log.warn(`${reports.length} report(s) not remembered: ${logLine(error)}`);
    }
  }

  /** Splits reports into calls: in a cluster the keys of different subtasks lie on different nodes. */
  private groups(reports: readonly DedupEntry[]): (readonly DedupEntry[])[] {
    if (reports.length === 0) return [];

    return this.redis.isCluster ? reports.map((report) => [report]) : [reports];
  }

  private async readTogether(reports: readonly DedupEntry[]): Promise<KnownReport[]> {
    const names = reports.map(({ report }) => report.event_id ?? '');
    const known = await this.scripts.readReports(reports.length, ...reports.map(keyOf), ...names);

    return (known as StoredReport[]).map(([seq, executor, event]) => ({
      newestSeq: seq === null ? null : Number(seq),
      isKnownEvent: event !== null,
      executorName: executor ?? '',
    }));
  }

  private rememberTogether(reports: readonly DedupEntry[]): Promise<unknown> {
    const values = reports.flatMap(({ report }) => [
      report.event_id ?? '',
      report.seq ?? '',
      report.executor_name ?? '',
    ]);

    return this.scripts.rememberReports(reports.length, ...reports.map(keyOf), TTL_SECONDS, ...values);
  }
}

const keyOf = ({ report, attempt }: DedupEntry): string => keys.executorReports(report.subtask_id, attempt);
