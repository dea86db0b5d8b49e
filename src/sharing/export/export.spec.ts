import { describe, expect, it } from '@jest/globals';
import type { SubtaskRow } from '../../tasks/turns/answer-turn.js';
import { attachment } from './file-name.js';
import { markdownMessage } from './markdown.js';

describe('file names', () => {
  const nameOf = (title: string) =>
    decodeURIComponent(/''(.*)$/.exec(attachment(title, 'conversation-5', 'md'))?.[1] ?? '');

  it.each([
    ['Größe der 海螺', 'Größe der 海螺.md'],
    ['../../etc/passwd', 'etc passwd.md'],
    ['a\r\nSet-Cookie: x', 'a Set-Cookie x.md'],
    ['"quoted" <b>', 'quoted b.md'],
    ['\u202Egnp.exe', 'gnp.exe.md'],
    ['...', 'conversation-5.md'],
    [`${'x'.repeat(79)}🐚`, `${'x'.repeat(79)}.md`],
    ['\ud800', '\ufffd.md'],
  ])('are safe: %j', (title, name) => {
    expect(nameOf(title)).toBe(name);
    expect(attachment(title, 'conversation-5', 'md')).toMatch(/^[\x20-\x7e]+$/);
  });
});

describe('messages in Markdown', () => {
  const message = (more: Partial<SubtaskRow>) =>
    markdownMessage({
      ...{ role: 'ASSISTANT', status: 'COMPLETED', prompt: '', errorMessage: null, result: null },
      ...{ createdAt: new Date('2026-11-30T08:00:00Z') },
      ...more,
    } as SubtaskRow);

  it('have reasoning folded, sources and files linked', () => {
    const sources = [{ title: 'A [b]', url: 'https://example.org/a b>c' }, { title: 'No address' }];
    const files = [{ id: '1', kind: 'image', url: 'data:image/png;base64,AAAA' }];
    const result = { value: ' It is.\n', reasoning: 'Hm </details> yes', model: 'm', sources, files };

    expect(message({ result })).toBe(
      [
        '\n## Answer (m, 2026-11-30T08:00:00.000Z)\n',
        '<details>\n<summary>Reasoning</summary>\n\nHm &lt;/details> yes\n\n</details>\n',
        'It is.\n',
        '**Sources**\n\n- [A \\[b\\]](<https://example.org/a%20b%3Ec>)\n- No address\n',
        '**Files**\n\n- image\n',
      ].join('\n'),
    );
  });

  it('have questions without inputs, and the reason of an end', () => {
    const prompt = '[EXTERNAL_API_PARAMS]{"key":"secret"}[/EXTERNAL_API_PARAMS]\nHello?';

    expect(message({ role: 'USER', prompt })).toMatch(/^\n---\n\n## Question \(.*\)\n\nHello\?\n$/);
    expect(message({ status: 'FAILED', errorMessage: 'Too\nbad' })).toContain('> FAILED: Too bad\n');
    const odd = { value: 'x', reasoning: {} as string, model: 5, sources: 'odd', files: [null, { name: 7 }] };
    expect(message({ result: odd })).toContain('\nx\n');
  });
});
