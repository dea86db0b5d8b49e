import { Avatar, Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconCheck, IconKeyboard, IconLogout, IconMoon, IconSun, IconSunMoon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useMe } from '../api/me';
import { LANGUAGES } from '../i18n/texts';
import { hasSession, signOut } from '../places/login/sign-in';
import { useAction } from '../ui/problems/use-action';
import styles from './layout.module.css';

const THEMES = [
  { name: 'light', Icon: IconSun },
  { name: 'dark', Icon: IconMoon },
  { name: 'auto', Icon: IconSunMoon },
] as const;

const ICON = { size: 16, stroke: 1.6 } as const;

/** Who reads the page: theme, language, keys, sign out. */
export function UserMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const { t, i18n } = useTranslation('layout');
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const name = useMe()?.user_name ?? '';
  const leave = useAction(() => signOut(false));
  const mark = (isChosen: boolean) => isChosen && <IconCheck {...ICON} />;

  return (
    <Menu position="right-end" width={208} returnFocus>
      <Menu.Target>
        <UnstyledButton className={styles.user} aria-label={t('user.menu', { name })}>
          <Avatar size={28} radius="xl" color="sea" name={name} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{name}</Menu.Label>
        {THEMES.map(({ name: theme, Icon }) => (
          <Menu.Item
            key={theme}
            closeMenuOnClick={false}
            leftSection={<Icon {...ICON} />}
            rightSection={mark(colorScheme === theme)}
            onClick={() => setColorScheme(theme)}
          >
            {t(`user.${theme}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {Object.entries(LANGUAGES).map(([language, label]) => (
          <Menu.Item
            key={language}
            lang={language}
            closeMenuOnClick={false}
            rightSection={mark(i18n.resolvedLanguage === language)}
            onClick={() => void i18n.changeLanguage(language)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconKeyboard {...ICON} />} onClick={onShortcuts}>
          {t('shortcuts.title')}
        </Menu.Item>
        {hasSession() && (
          <Menu.Item leftSection={<IconLogout {...ICON} />} onClick={() => leave.mutate()}>
            {t('user.signOut')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
