import i18next, { type BackendModule } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { FIRST_NAMESPACES, LANGUAGES, readTexts } from './texts';

const backend: BackendModule = {
  type: 'backend',
  init: () => undefined,
  read: (language, namespace, callback) => {
    readTexts(language, namespace).then(
      (texts) => callback(null, texts),
      (error: unknown) => callback(String(error), false),
    );
  },
};

/** The language of the document: `before-paint.js` has chosen it. */
const chosen = () => (document.documentElement.lang.startsWith('zh') ? 'zh' : 'en');

/** Resolves when the texts that the page begins with are there. */
export async function startTexts(): Promise<void> {
  i18next.on('languageChanged', keepLanguage);
  await i18next
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: chosen(),
      supportedLngs: Object.keys(LANGUAGES),
      // No text is missing in a language.
      fallbackLng: false,
      ns: [...FIRST_NAMESPACES],
      defaultNS: 'common',
      // React escapes what it shows.
      interpolation: { escapeValue: false },
    });
}

function keepLanguage(language: string): void {
  document.documentElement.lang = language === 'zh' ? 'zh-Hans' : 'en';
  try {
    localStorage.setItem('conch-language', language);
  } catch {
    // Blocked: it lasts as long as the page.
  }
}

/**
 * Loads a part of the page together with the texts that only it shows.
 * @throws when one of them cannot be loaded
 */
export async function withTexts<T>(part: Promise<T>, ...namespaces: string[]): Promise<T> {
  const [loaded] = await Promise.all([part, i18next.loadNamespaces(namespaces)]);
  const missing = namespaces.find((name) => !i18next.hasResourceBundle(i18next.language, name));
  if (missing !== undefined) throw new Error(`The texts "${missing}" could not be loaded`);

  return loaded;
}
