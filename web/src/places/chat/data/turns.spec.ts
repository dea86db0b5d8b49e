import { describe, expect, it } from '@jest/globals';
import { hasGap, hasTwoPaths, isSameTurn, questionText, type Subtask, turnsOf } from './turns';

const row = (id: number, role: 'USER' | 'ASSISTANT', messageId = id): Subtask => ({
  id,
  role,
  message_id: messageId,
  task_id: 1,
  team_id: 1,
  title: '',
  bot_ids: [],
  prompt: '',
  executor_namespace: '',
  executor_name: '',
  parent_id: messageId - 1,
  status: 'COMPLETED',
  progress: 100,
  result: null,
  error_message: null,
  user_id: 1,
  created_at: '',
  updated_at: '',
  completed_at: null,
});

describe('turns', () => {
  it('are in the order of the conversation, each row once', () => {
    const rows = [
      row(3, 'USER'),
      row(4, 'ASSISTANT'),
      row(5, 'ASSISTANT'),
      row(1, 'USER'),
      row(2, 'ASSISTANT'),
      row(3, 'USER'),
    ];
    const ids = turnsOf(rows).map(({ id, answers }) => [id, ...answers.map((answer) => answer.id)]);
    expect(ids).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
  });

  it('leave out answers without their question', () => {
    expect(turnsOf([row(2, 'ASSISTANT'), row(3, 'USER')]).map(({ id }) => id)).toEqual([3]);
  });

  it('are the same while their rows are', () => {
    const rows = [row(1, 'USER'), row(2, 'ASSISTANT')];
    const [a] = turnsOf(rows);
    const [b] = turnsOf(rows);
    const [c] = turnsOf([...rows, row(3, 'ASSISTANT')]);
    expect(a && b && isSameTurn(a, b)).toBe(true);
    expect(a && c && isSameTurn(a, c)).toBe(false);
  });

  it('have a gap where pages do not meet', () => {
    expect(hasGap([row(1, 'USER')], [row(2, 'ASSISTANT')])).toBe(false);
    expect(hasGap([row(1, 'USER')], [row(3, 'ASSISTANT')])).toBe(true);
    expect(hasGap([], [row(3, 'USER')])).toBe(false);
  });
});

describe('hasTwoPaths', () => {
  it('knows the question of another version', () => {
    const path = [row(1, 'USER'), row(2, 'ASSISTANT'), row(3, 'USER')];
    expect(hasTwoPaths(path)).toBe(false);
    expect(hasTwoPaths([...path, { ...row(4, 'USER'), parent_id: 2 }])).toBe(true);
  });
});

describe('questionText', () => {
  it('hides the inputs that older clients write in front', () => {
    expect(questionText('[EXTERNAL_API_PARAMS]{"a":1}[/EXTERNAL_API_PARAMS]\nHello')).toBe('Hello');
    expect(questionText('Hello')).toBe('Hello');
  });
});
