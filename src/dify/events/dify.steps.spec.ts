import { describe, expect, it } from '@jest/globals';
import type { Step } from '../../common/contracts/chat-event.js';
import { EventBatch } from '../../infra/provider-stream/event-batch.js';
import { DifySteps } from './dify.steps.js';

const WAITING: Step = { step_id: 'form:human', kind: 'node', title: 'Approval', status: 'paused' };

/** Status by status what a batch tells of the form. */
function told(batch: EventBatch): unknown[] {
  return batch.drain().map((event) => 'status' in event && event.status);
}

describe('DifySteps of a run that is joined again', () => {
  it('keep what was told and is not shown yet', () => {
    const [steps, batch] = [new DifySteps(), new EventBatch()];
    steps.rejoin([WAITING]);
    steps.form({ node_id: 'human' }, 'failed', { error: 'Nobody answered in time' }, batch);
    steps.rejoin([WAITING]);
    steps.finish('succeeded', batch);
    expect(told(batch)).toEqual(['failed']);
  });

  it('end what waits in what is shown', () => {
    const [steps, batch] = [new DifySteps(), new EventBatch()];
    steps.rejoin([WAITING]);
    steps.finish('succeeded', batch);
    expect(told(batch)).toEqual(['succeeded']);
  });

  it('end what was told again after it had ended', () => {
    const [steps, batch] = [new DifySteps(), new EventBatch()];
    steps.rejoin([WAITING]);
    for (const status of ['succeeded', 'paused'] as const) steps.form({ node_id: 'human' }, status, {}, batch);
    steps.finish('succeeded', batch);
    expect(told(batch)).toEqual(['succeeded', 'paused', 'succeeded']);
  });

  it('do not begin again by a replay, whatever it tells of them', () => {
    const [steps, batch] = [new DifySteps(), new EventBatch()];
    steps.rejoin([{ step_id: 'node:e1', kind: 'node', title: 'LLM', status: 'succeeded' }]);
    steps.push('node_started', { data: { id: 'e1', node_id: 'n1', inputs: { q: 'x' } } }, batch);
    steps.finish('failed', batch);
    expect(told(batch)).toEqual([]);
  });
});
