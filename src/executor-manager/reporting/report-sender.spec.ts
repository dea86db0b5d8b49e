import { describe, expect, it } from '@jest/globals';
import type { ValidationReport } from '../../common/contracts/image-validation.js';
import type { ReportAnswer } from './backend.client.js';
import { ReportSender } from './report-sender.js';

const at = (progress: number): ValidationReport => ({ status: 'pulling_image', progress });
const soon = () => AbortSignal.timeout(5_000);

class Backend {
  readonly got: ValidationReport[] = [];
  readonly failures: unknown[] = [];
  unwanted = 0;
  answers: (ReportAnswer | Error)[] = [];
  /** Runs while a report is on its way. */
  onReport: () => void = () => undefined;
  readonly sender = new ReportSender(
    (report) => this.take(report),
    () => (this.unwanted += 1),
    (error) => this.failures.push(error),
    1,
  );

  private async take(report: ValidationReport): Promise<ReportAnswer> {
    this.got.push(report);
    this.onReport();
    await Promise.resolve();
    const answer = this.answers.shift() ?? 'accepted';
    if (answer instanceof Error) throw answer;

    return answer;
  }

  get progress() {
    return this.got.map(({ progress }) => progress);
  }
}

describe('ReportSender', () => {
  it('sends one at a time, and of those that wait the newest only', async () => {
    const backend = new Backend();
    for (const progress of [20, 30, 40, 50]) backend.sender.post(at(progress));
    await backend.sender.flushed(soon());

    expect(backend.progress).toEqual([20, 50]);
    const [first = 0, second = 0] = backend.got.map(({ seq }) => seq);
    expect(second).toBeGreaterThan(first);
  });

  it('repeats what did not arrive, until there is something newer', async () => {
    const backend = new Backend();
    backend.answers = [new Error('a'), new Error('b')];
    backend.sender.post(at(20));
    backend.onReport = () => backend.got.length === 2 && backend.sender.post(at(30));
    await backend.sender.flushed(soon());

    expect(backend.progress).toEqual([20, 20, 30]);
    expect(backend.failures).toHaveLength(2);
  });

  it('tells when nobody waits for more', async () => {
    const backend = new Backend();
    backend.answers = ['unwanted'];
    backend.sender.post(at(20));
    backend.sender.post(at(30));
    await backend.sender.flushed(soon());

    expect(backend.unwanted).toBe(1);
    expect(backend.progress).toEqual([20]);
  });

  it('gives up when it is told to', async () => {
    const backend = new Backend();
    backend.answers = Array.from({ length: 1000 }, () => new Error('down'));
    backend.sender.post(at(20));
    await backend.sender.flushed(AbortSignal.timeout(10));
    const sent = backend.got.length;
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(backend.got.length).toBeLessThanOrEqual(sent + 1);
  });
});
