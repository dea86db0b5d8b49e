import type { HtmlTagDescriptor, Plugin } from 'vite';

/** Files that the reader's language or the address decide on, by the module that they begin with. */
const NAMES = [
  [/\/i18n\/(\w+)\/first\.ts$/, 'texts-$1'],
  [/\/markdown\/markdown-blocks\.tsx$/, 'markdown'],
] as const;

/** Names files in `index.html` that `before-paint.js` lets load beside the first ones, not after them. */
export function preloads(): Plugin {
  return {
    name: 'preloads',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle = {} }) =>
        Object.values(bundle).flatMap((file): HtmlTagDescriptor[] => {
          const module = (file.type === 'chunk' && file.facadeModuleId) || '';
          const known = NAMES.find(([pattern]) => pattern.test(module));
          if (!known) return [];
          const name = module.replace(new RegExp(`^.*${known[0].source}`), known[1]);

          return [{ tag: 'meta', attrs: { name, content: `/${file.fileName}` }, injectTo: 'head-prepend' }];
        }),
    },
  };
}
