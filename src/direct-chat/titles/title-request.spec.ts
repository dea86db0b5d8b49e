import { describe, expect, it } from '@jest/globals';
import type { ProviderEvent } from '../../common/contracts/chat-event.js';
import type { ModelSettings } from '../../common/contracts/chat-provider.js';
import { cleanTitle, MAX_TITLE, readTitle, titleRequest } from './title-request.js';

const MODEL: ModelSettings = {
  ...{ name: 'm', provider: 'claude', modelId: 'x', baseUrl: null, apiKey: 'k', headers: { 'x-team': 'a' } },
  parameters: {
    ...{ maxTokens: 9_000, thinking: { type: 'enabled' }, systemPrompt: 'Rhyme', stop: ['\n'], authScheme: 'bearer' },
    extraBody: { enable_thinking: false },
  },
};

describe('titles', () => {
  it('are asked for with few tokens, and without the settings of answers', () => {
    const ids = { taskId: 1, subtaskId: 2, endUser: 'u' };
    const prompt = `[EXTERNAL_API_PARAMS]{"key":"secret"}[/EXTERNAL_API_PARAMS]\n${'q'.repeat(5_000)}`;
    const request = titleRequest(ids, MODEL, { prompt, answer: 'a'.repeat(5_000) });

    expect(request.model?.parameters).toEqual({
      ...{ authScheme: 'bearer', extraBody: { enable_thinking: false }, maxTokens: 300 },
    });
    expect(request.messages[0]?.content).toHaveLength(4_000 + 'Question:\n\n\nAnswer:\n\n\nTitle:'.length);
    expect(JSON.stringify(request)).not.toContain('secret');
  });

  it.each([
    ['Sea Snails', 'Sea Snails'],
    ['  "Sea Snails."\n\nI chose this because', 'Sea Snails'],
    ['**Title: Sea snails**', 'Sea snails'],
    ['# Sea snails', 'Sea snails'],
    ['标题：《海螺的壳》。', '海螺的壳'],
    ['“Größe der Muschel”', 'Größe der Muschel'],
    ['', ''],
    ['"."', ''],
  ])('are freed of what models put around them: %j', (text, title) => {
    expect(cleanTitle(text)).toBe(title);
  });

  it('are cut between characters', () => {
    expect(cleanTitle('x'.repeat(200))).toBe(`${'x'.repeat(MAX_TITLE - 1)}…`);
    expect(cleanTitle(`${'x'.repeat(MAX_TITLE - 2)}🐚🐚`)).toBe(`${'x'.repeat(MAX_TITLE - 2)}…`);
  });

  it('are read without the reasoning, and no further than needed', async () => {
    let reads = 0;
    async function* endless(): AsyncGenerator<readonly ProviderEvent[]> {
      yield [{ type: 'reasoning', content: 'Let me think' }];
      for (; ; reads += 1) yield await Promise.resolve([{ type: 'content' as const, content: 'word '.repeat(10) }]);
    }

    expect(await readTitle(endless())).toMatch(/^word word/);
    expect(reads).toBeLessThan(10);
  });
});
