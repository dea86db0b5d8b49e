import { ActionIcon, AppShell, Burger } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconEdit } from '@tabler/icons-react';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { ConversationList } from '../places/chat/conversations/conversation-list';
import { LazyPart } from '../ui/problems/lazy-part';
import { ConnectionBanner } from './connection-banner';
import styles from './layout.module.css';
import { Logo } from './logo';
import { placeAt } from './places';
import { Rail } from './rail';
import { useDialog } from './use-dialog';
import { usePageStatus } from './use-page-status';
import { useShortcuts } from './use-shortcuts';
import { useTaskEvents } from './use-task-events';

const CommandPalette = lazy(() => import('./palette/command-palette').then((m) => ({ default: m.CommandPalette })));
const ShortcutsDialog = lazy(() => import('./shortcuts-dialog').then((m) => ({ default: m.ShortcutsDialog })));

const RAIL_WIDTH = 80;
const SIDE_WIDTH = 352;
const NARROW = '(max-width: 899px)';

/** The rail and, beside the chat, the conversations; a drawer below 900 px; and the place that is open. */
export function Layout() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const place = placeAt(path);
  const openTask = Number(/^\/chat\/(\d+)/.exec(path)?.[1] ?? 0) || null;
  const isNarrow = useMediaQuery(NARROW);
  const [isOpen, drawer] = useDisclosure();
  const dialog = useDialog<'palette' | 'shortcuts'>();
  useTaskEvents();
  usePageStatus(place, openTask);
  useShortcuts({
    onPalette: () => dialog.open('palette'),
    onNewChat: () => void navigate({ to: '/' }),
    onHelp: () => dialog.open('shortcuts'),
  });
  const hasList = place === 'chat' || isNarrow;

  return (
    <AppShell
      header={{ height: isNarrow ? 48 : 0 }}
      navbar={{ width: hasList ? SIDE_WIDTH : RAIL_WIDTH, breakpoint: 900, collapsed: { mobile: !isOpen } }}
      transitionDuration={150}
    >
      <a href="#content" className={styles.skip}>
        {t('skip')}
      </a>
      {isNarrow && (
        <AppShell.Header className={styles.header}>
          <Burger opened={isOpen} onClick={drawer.toggle} size="sm" aria-label={t('menu')} aria-expanded={isOpen} />
          <Link to="/" className={styles.brand} onClick={drawer.close}>
            <Logo size={24} /> Conch
          </Link>
          <ActionIcon
            component={Link}
            to="/"
            variant="subtle"
            size="lg"
            aria-label={t('conversations:new')}
            onClick={drawer.close}
          >
            <IconEdit size={18} stroke={1.6} />
          </ActionIcon>
        </AppShell.Header>
      )}
      <AppShell.Navbar className={styles.side} component="div" inert={isNarrow && !isOpen}>
        <Rail
          place={place}
          onPlace={drawer.close}
          onPalette={() => dialog.open('palette')}
          onShortcuts={() => dialog.open('shortcuts')}
        />
        {hasList && (
          <section className={styles.conversations} aria-label={t('conversations:title')}>
            <ConversationList openTask={openTask} onOpen={drawer.close} />
          </section>
        )}
      </AppShell.Navbar>
      <AppShell.Main id="content" className={styles.main} tabIndex={-1}>
        <ConnectionBanner />
        <Outlet />
      </AppShell.Main>
      <LazyPart>
        {dialog.name === 'palette' && (
          <CommandPalette onClose={dialog.close} onShortcuts={() => dialog.open('shortcuts')} />
        )}
        {dialog.name === 'shortcuts' && <ShortcutsDialog onClose={dialog.close} />}
      </LazyPart>
    </AppShell>
  );
}
