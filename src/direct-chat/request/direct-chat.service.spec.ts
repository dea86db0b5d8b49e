import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../common/app-error.js';
import type { IdempotentStarts } from '../../tasks/turns/idempotency.js';
import type { TurnsService } from '../../tasks/turns/turns.service.js';
import { DirectChatService } from './direct-chat.service.js';

/** The service on a server without any team. */
function withoutTeams(): DirectChatService {
  const turns = { teamFor: () => Promise.reject(new AppError('not_found', 'Team not found')) };
  const starts = {
    once: (_userId: number, _key: unknown, _dto: unknown, start: (key: null) => unknown) => start(null),
  };
  const none = {} as never;

  return new DirectChatService(
    turns as unknown as TurnsService,
    starts as unknown as IdempotentStarts,
    ...([none, none, none, none, none] as const),
  );
}

describe('DirectChatService', () => {
  it('says what to do when a request names no team, and there is no default', async () => {
    await expect(withoutTeams().start(1, { prompt: 'Hello' }, undefined)).rejects.toMatchObject({
      code: 'not_found',
      message:
        'Name a team by team_id or team_name: there is no "demo-team" here. GET /api/teams lists teams, POST makes one',
    });
    await expect(withoutTeams().start(1, { prompt: 'Hello', team_name: 'mine' }, undefined)).rejects.toThrow(
      'Team not found',
    );
  });
});
