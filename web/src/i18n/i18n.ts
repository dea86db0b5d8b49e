import i18next from 'i18next';
import LanguageDetector from 'i18next-browser-languagedetector';
import { initReactI18next } from 'react-i18next';

/** Texts: one file a namespace, named for the place that shows them. */
const files = import.meta.glob<Record<string, unknown>>('./{en,zh}/*.json', { eager: true, import: 'default' });

const resources: Record<string, Record<string, Record<string, unknown>>> = {};
for (const [path, texts] of Object.entries(files)) {
  const [, language = '', namespace = ''] = /^\.\/(\w+)\/([\w-]+)\.json$/.exec(path) ?? [];
  (resources[language] ??= {})[namespace] = texts;
}

export const LANGUAGES = { en: 'English', zh: '简体中文' } as const;

void i18next
  .use(LanguageDetector)
  .use(initReactI18next)
  .init({
    resources,
    supportedLngs: Object.keys(LANGUAGES),
    nonExplicitSupportedLngs: true,
    load: 'languageOnly',
    fallbackLng: 'en',
    defaultNS: 'common',
    // React escapes what it shows.
    interpolation: { escapeValue: false },
    detection: { order: ['localStorage', 'navigator'], caches: ['localStorage'], lookupLocalStorage: 'conch-language' },
  });

const showLanguage = (language: string) => {
  document.documentElement.lang = language.startsWith('zh') ? 'zh-Hans' : 'en';
};
i18next.on('languageChanged', showLanguage);
showLanguage(i18next.resolvedLanguage ?? 'en');
