import { describe, expect, it } from '@jest/globals';
import type { Conversation } from '../../../api/conversations';
import { groupByDay } from './rows';

const now = new Date(2026, 10, 30, 12);
const at = (id: number, ...time: [number, number, number, number]) =>
  ({ id, last_activity_at: new Date(...time).toISOString() }) as Conversation;

describe('groupByDay', () => {
  it('names days by their distance, then weekdays, months and years', () => {
    const list = [
      at(1, 2026, 10, 30, 11),
      at(2, 2026, 10, 30, 0),
      at(3, 2026, 10, 29, 23),
      at(4, 2026, 10, 26, 9),
      at(5, 2026, 9, 3, 9),
      at(6, 2025, 9, 3, 9),
    ];
    const rows = groupByDay(list, 'en', now);

    expect(rows.map((row) => ('heading' in row ? row.heading : row.conversation.id))).toEqual([
      'Today',
      1,
      2,
      'Yesterday',
      3,
      'Thursday',
      4,
      'October',
      5,
      'October 2025',
      6,
    ]);
  });

  it('counts the clock of a server that is ahead as today', () => {
    expect(groupByDay([at(1, 2026, 11, 1, 9)], 'zh', now)[0]).toEqual({ heading: '今天' });
  });
});
