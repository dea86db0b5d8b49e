import { ActionIcon, Tooltip } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMe } from '../api/me';
import styles from './layout.module.css';
import { Logo } from './logo';
import { type Place, placesFor } from './places';
import { COMMAND_KEY } from './use-shortcuts';
import { UserMenu } from './user-menu';

interface Props {
  place: Place['name'];
  onPlace: () => void;
  onPalette: () => void;
  onShortcuts: () => void;
}

/** The places of the page, the command palette, and the reader. */
export function Rail({ place, onPlace, onPalette, onShortcuts }: Props) {
  const { t } = useTranslation();
  const isAdmin = useMe()?.role === 'admin';

  return (
    <nav className={styles.rail} aria-label={t('menu')}>
      <Link to="/" className={styles.logo} aria-label="Conch" onClick={onPlace}>
        <Logo />
      </Link>
      <div className={styles.places}>
        {placesFor(isAdmin).map(({ to, name, Icon }) => (
          <Link
            key={to}
            to={to}
            className={styles.place}
            aria-current={name === place ? 'page' : undefined}
            onClick={onPlace}
          >
            <Icon size={20} stroke={1.5} aria-hidden />
            {t(`places.${name}`)}
          </Link>
        ))}
      </div>
      <Tooltip label={`${t('layout:palette.title')} (${COMMAND_KEY} K)`} position="right" openDelay={400}>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('layout:palette.title')} onClick={onPalette}>
          <IconSearch size={18} stroke={1.6} />
        </ActionIcon>
      </Tooltip>
      <UserMenu onShortcuts={onShortcuts} />
    </nav>
  );
}
