import { memo } from 'react';
import Markdown, { type Components, type Options } from 'react-markdown';
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';
import { remarkCjkBold } from './text/cjk-bold';
import { remarkHtmlAsText } from './text/html-as-text';
import { MarkdownCode, MarkdownPre } from './code/markdown-code';
import { MarkdownCheckbox, MarkdownImage, MarkdownLink, MarkdownTable } from './markdown-elements';
import { withDollarMath } from './text/math-marks';
import { repairEnd } from './text/repair';

const remarkPlugins: Options['remarkPlugins'] = [
  [remarkGfm, { singleTilde: false }],
  [remarkMath, { singleDollarTextMath: false }],
  remarkHtmlAsText,
  remarkCjkBold,
];

const schema: typeof defaultSchema = {
  ...defaultSchema,
  attributes: {
    ...defaultSchema.attributes,
    code: [['className', /^language-./, 'math-inline', 'math-display']],
  },
  protocols: {
    ...defaultSchema.protocols,
    href: ['http', 'https', 'mailto'],
    src: ['http', 'https', 'data', 'blob'],
  },
};

const rehypePlugins: Options['rehypePlugins'] = [[rehypeSanitize, schema]];

const components: Components = {
  a: MarkdownLink,
  img: MarkdownImage,
  input: MarkdownCheckbox,
  table: MarkdownTable,
  pre: MarkdownPre,
  code: MarkdownCode,
};

/** Addresses are checked by the schema and again where they are shown. */
const sameUrl = (url: string) => url;

/** One block of markdown. HTML in it is shown as text. */
export const MarkdownBlock = memo(function MarkdownBlock({ text, isOpen }: { text: string; isOpen: boolean }) {
  const source = withDollarMath(isOpen ? repairEnd(text) : text);

  return (
    <Markdown
      remarkPlugins={remarkPlugins}
      rehypePlugins={rehypePlugins}
      components={components}
      urlTransform={sameUrl}
    >
      {source}
    </Markdown>
  );
});
