import { AppShell, Burger, NavLink, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconBox,
  IconCpu,
  IconListCheck,
  IconMessageCircle,
  IconSettings,
  IconShieldCog,
  IconUsersGroup,
} from '@tabler/icons-react';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

const PLACES = [
  { to: '/', name: 'chat', Icon: IconMessageCircle },
  { to: '/tasks', name: 'tasks', Icon: IconListCheck },
  { to: '/teams', name: 'teams', Icon: IconUsersGroup },
  { to: '/models', name: 'models', Icon: IconCpu },
  { to: '/shells', name: 'shells', Icon: IconBox },
  { to: '/admin', name: 'admin', Icon: IconShieldCog },
  { to: '/settings', name: 'settings', Icon: IconSettings },
] as const;

/** The rail with the places, a drawer below 900 px, and the place that is open. */
export function Layout() {
  const { t } = useTranslation();
  const [isOpen, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const isAt = (to: string) => (to === '/' ? path === '/' || path.startsWith('/chat/') : path.startsWith(to));

  return (
    <AppShell
      header={{ height: { base: 48, 900: 0 } }}
      navbar={{ width: 200, breakpoint: 900, collapsed: { mobile: !isOpen } }}
    >
      <AppShell.Header hiddenFrom="900" px="sm">
        <Burger opened={isOpen} onClick={toggle} size="sm" aria-label={t('menu')} />
      </AppShell.Header>
      <AppShell.Navbar p="sm" component="nav">
        <Stack gap={2}>
          <Text fw={600} px="sm" py="xs">
            Conch
          </Text>
          {PLACES.map(({ to, name, Icon }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              active={isAt(to)}
              onClick={close}
              label={t(`places.${name}`)}
              leftSection={<Icon size={16} stroke={1.6} aria-hidden />}
            />
          ))}
        </Stack>
      </AppShell.Navbar>
      <AppShell.Main>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}
