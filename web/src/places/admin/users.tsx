import { Button, Menu, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client';
import { type Me as User, useMe } from '../../api/me';
import { type Column, DataTable } from '../../ui/page/data-table';
import { Section } from '../../ui/page/place';
import { RelativeTime } from '../../ui/relative-time';
import { StatusBadge } from '../../ui/status-badge';
import { useAction } from '../../ui/problems/use-action';
import { usePageSearch } from '../../ui/page/use-page-search';
import { NewUserDialog } from './new-user-dialog';
import { PasswordDialog } from './password-dialog';
import { usersKey } from './users-key';

const PAGE_SIZE = 25;

/** All users; who they are, and whether they may log in. */
export function Users() {
  const { t } = useTranslation('admin');
  const { search, setSearch, setOpen } = usePageSearch();
  const [reset, setReset] = useState<User | null>(null);
  const page = search.page ?? 1;
  const users = useQuery({
    queryKey: [...usersKey, page],
    queryFn: () => bodyOf(api.GET('/api/users', { params: { query: { page, limit: PAGE_SIZE } } })),
    placeholderData: keepPreviousData,
  });
  const columns: Column<User>[] = [
    { label: t('userName'), cell: ({ user_name: name }) => <Text>{name}</Text> },
    { label: t('email'), cell: ({ email }) => email },
    { label: t('role'), cell: ({ role }) => t(`roles.${role}`) },
    {
      label: t('state'),
      cell: ({ is_active: isActive }) => (
        <StatusBadge tone={isActive ? 'good' : 'quiet'}>{isActive ? t('isActive') : t('isDisabled')}</StatusBadge>
      ),
    },
    { label: t('created'), cell: ({ created_at: time }) => <RelativeTime time={time} /> },
    { label: '', align: 'right', cell: (user) => <UserMenu user={user} onReset={() => setReset(user)} /> },
  ];
  const add = (
    <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} onClick={() => setOpen('new-user')}>
      {t('addUser')}
    </Button>
  );

  return (
    <Section title={t('users')} actions={add}>
      <DataTable
        label={t('users')}
        columns={columns}
        query={users}
        rowKey={({ id }) => id}
        empty={<Text c="var(--text-soft)">{t('noUsers')}</Text>}
        pages={{ page, limit: PAGE_SIZE, onPage: (next) => setSearch({ page: next }) }}
      />
      {search.open === 'new-user' && <NewUserDialog onClose={() => setOpen(undefined)} />}
      {reset && <PasswordDialog user={reset} onClose={() => setReset(null)} />}
    </Section>
  );
}

function UserMenu({ user, onReset }: { user: User; onReset: () => void }) {
  const { t } = useTranslation('admin');
  const me = useMe();
  const change = useAction(
    (body: { role?: User['role']; is_active?: boolean }) =>
      api.PUT('/api/users/{id}', { params: { path: { id: user.id } }, body }),
    { refresh: [usersKey] },
  );
  const isMe = me?.id === user.id;

  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-sm" aria-label={t('changeNamed', { name: user.user_name })}>
          {t('change')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={onReset}>{t('resetPassword')}</Menu.Item>
        <Menu.Item disabled={isMe} onClick={() => change.mutate({ role: user.role === 'admin' ? 'user' : 'admin' })}>
          {user.role === 'admin' ? t('makeUser') : t('makeAdmin')}
        </Menu.Item>
        <Menu.Item disabled={isMe} onClick={() => change.mutate({ is_active: !user.is_active })}>
          {user.is_active ? t('disable') : t('enable')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
