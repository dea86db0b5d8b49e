import { describe, expect, it } from '@jest/globals';
import { isWebhookPayload, WEBHOOK_BACKOFF, WEBHOOK_OPTIONS, webhookJobId } from './webhooks.service.js';

describe('jobs of webhooks', () => {
  it('have one id for one end, and another for the end of the next turn', () => {
    const end = new Date(1_764_000_000_123);
    expect(webhookJobId(5, end)).toBe('task-5-1764000000123');
    expect(webhookJobId(5, new Date(end))).toBe(webhookJobId(5, end));
    expect(webhookJobId(5, new Date(end.getTime() + 1))).not.toBe(webhookJobId(5, end));
  });

  it('are tried for some hours, ever more seldom', () => {
    const delays = Array.from({ length: WEBHOOK_OPTIONS.attempts - 1 }, (_, index) =>
      Number(WEBHOOK_BACKOFF(index + 1)),
    );
    const total = delays.reduce((sum, delay) => sum + delay, 0);
    expect(delays[0]).toBeLessThan(2000);
    for (const [index, delay] of delays.slice(1, 7).entries()) expect(delay).toBeGreaterThan(delays[index] ?? 0);
    expect(total).toBeGreaterThan(5 * 3_600_000);
    expect(total).toBeLessThan(8 * 3_600_000);
  });

  it.each([[null], [{}], [{ event: 'task.completed', delivery_id: 'x', task: null }], [{ event: 1, task: { id: 1 } }]])(
    'are checked: %j is none',
    (data) => expect(isWebhookPayload(data)).toBe(false),
  );

  it('are known', () => {
    expect(isWebhookPayload({ event: 'task.completed', delivery_id: 'x', task: { id: 1 } })).toBe(true);
  });
});
