import { SegmentedControl } from '@mantine/core';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import { LANGUAGES } from '../../i18n/texts';

const CHOICES = Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }));

/** Switches the language at once. */
export function LanguageMenu() {
  const { t, i18n } = useTranslation('login');

  return (
    <SegmentedControl
      size="xs"
      aria-label={t('language')}
      data={CHOICES}
      value={i18n.resolvedLanguage ?? 'en'}
      onChange={(language) => void i18next.changeLanguage(language)}
    />
  );
}
