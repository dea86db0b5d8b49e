import { describe, expect, it } from '@jest/globals';
import { type MarkdownNode, remarkCjkBold } from './cjk-bold';
import { remarkHtmlAsText } from './html-as-text';
import { withDollarMath } from './math-marks';
import { repairEnd } from './repair';
import { imageKind, safeLink } from './safe-links';

describe('repairEnd', () => {
  it.each([
    ['**bol', '**bol**'],
    ['`cod', '`cod`'],
    ['[label](https://exa', 'label'],
    ['| a | b |', '| a | b |\n| --- | --- |'],
    ['| a | b', '| a | b |\n| --- | --- |'],
    ['| a | b |\n|--', '| a | b |\n| --- | --- |'],
    ['plain', 'plain'],
  ])('completes %j', (text, repaired) => {
    expect(repairEnd(text)).toBe(repaired);
  });

  it('leaves a table with rows as it is', () => {
    const table = '| a | b |\n| --- | --- |\n| 1 | 2 |';
    expect(repairEnd(table)).toBe(table);
  });
});

describe('withDollarMath', () => {
  it.each([
    ['so \\(x + y\\) is', 'so $$x + y$$ is'],
    ['\\[x\\]', '\n$$\nx\n$$\n'],
    ['`\\(x\\)` stays', '`\\(x\\)` stays'],
    ['$5 and $10', '$5 and $10'],
  ])('writes %j', (text, written) => {
    expect(withDollarMath(text)).toBe(written);
  });
});

describe('remarkCjkBold', () => {
  const bolded = (...children: MarkdownNode[]) => {
    const tree: MarkdownNode = { type: 'paragraph', children };
    remarkCjkBold()(tree);

    return tree.children?.map(({ type }) => type);
  };
  const text = (value: string): MarkdownNode => ({ type: 'text', value });

  it('marks bold text beside CJK punctuation', () => {
    expect(bolded(text('他说**“你好。”**然后'))).toEqual(['text', 'strong', 'text']);
    expect(bolded(text('**'), { type: 'inlineCode', value: 'x' }, text('：**后'))).toEqual(['strong', 'text']);
  });

  it('leaves other asterisks', () => {
    expect(bolded(text('2 ** 3 ** 4'))).toEqual(['text', 'text', 'text', 'text', 'text']);
    expect(bolded(text('a**b'))).toEqual(['text', 'text', 'text']);
  });
});

describe('remarkHtmlAsText', () => {
  it('shows HTML as it was written', () => {
    const html = (value: string): MarkdownNode => ({ type: 'html', value });
    const tree: MarkdownNode = {
      type: 'root',
      children: [
        html('<script>alert(1)</script>'),
        { type: 'tableCell', children: [html('<br/>'), html('<b>')] },
        { type: 'thematicBreak' },
      ],
    };
    remarkHtmlAsText()(tree);
    expect(tree.children).toEqual([
      { type: 'paragraph', children: [{ type: 'text', value: '<script>alert(1)</script>' }] },
      { type: 'tableCell', children: [{ type: 'break' }, { type: 'text', value: '<b>' }] },
      { type: 'thematicBreak' },
    ]);
  });
});

describe('links', () => {
  it.each([
    ['https://example.com/a', 'https://example.com/a'],
    ['mailto:a@example.com', 'mailto:a@example.com'],
    ['javascript:alert(1)', null],
    [' java\nscript:alert(1)', null],
    ['data:text/html,x', null],
    ['vbscript:x', null],
    ['/relative', null],
    ['', null],
  ])('opens %j as %j', (href, opened) => {
    expect(safeLink(href)).toBe(opened);
  });

  it.each([
    ['https://elsewhere.example/a.png', 'link'],
    ['http://here.example/a.png', 'inline'],
    ['/a.png', 'inline'],
    ['data:image/png;base64,AA', 'inline'],
    ['data:text/html,x', 'none'],
    ['blob:http://here.example/1', 'inline'],
    ['javascript:alert(1)', 'none'],
  ])('shows the image %j as %j', (source, kind) => {
    expect(imageKind(source, 'http://here.example')).toBe(kind);
  });
});
