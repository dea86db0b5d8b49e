import { SegmentedControl, useMantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Section } from '../../ui/page/place';
import { LanguageMenu } from '../login/language-menu';
import { Setting } from './setting';

const SCHEMES = ['auto', 'light', 'dark'] as const;

/** Language and colours; both change at once. */
export function Appearance() {
  const { t } = useTranslation('settings');
  const { colorScheme, setColorScheme } = useMantineColorScheme();

  return (
    <Section title={t('appearance')}>
      <Setting label={t('language')}>
        <LanguageMenu />
      </Setting>
      <Setting label={t('theme')} hint={t('themeHint')}>
        <SegmentedControl
          size="xs"
          aria-label={t('theme')}
          data={SCHEMES.map((value) => ({ value, label: t(`themes.${value}`) }))}
          value={colorScheme}
          onChange={(scheme) => setColorScheme(scheme)}
        />
      </Setting>
    </Section>
  );
}
