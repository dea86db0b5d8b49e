type Texts = Record<string, unknown>;
type Files = Record<string, Texts>;

export const LANGUAGES = { en: 'English', zh: '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

/** Texts that the chat needs: the page begins with them. The file of a language has them all. */
export const FIRST_NAMESPACES = ['chat', 'common', 'conversations', 'layout', 'ui'] as const;

const first: Record<Language, () => Promise<{ texts: Files }>> = {
  en: () => import('./en/first'),
  zh: () => import('./zh/first'),
};
/** The others: one file a namespace, named for the place that shows them. */
const others = import.meta.glob<Texts>(['./{en,zh}/*.json', '!./*/{chat,common,conversations,layout,ui}.json'], {
  import: 'default',
});

const isLanguage = (name: string): name is Language => Object.hasOwn(LANGUAGES, name);

/** Loads the texts of a namespace. @throws when its file cannot be loaded */
export async function readTexts(language: string, namespace: string): Promise<Texts> {
  const other = others[`./${language}/${namespace}.json`];
  if (other) return other();
  const texts = isLanguage(language) ? (await first[language]()).texts[namespace] : undefined;
  if (!texts) throw new Error(`no texts "${namespace}" in "${language}"`);

  return texts;
}
