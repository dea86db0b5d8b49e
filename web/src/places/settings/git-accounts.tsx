import { Button, Code, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, type Schemas } from '../../api/client';
import { meQuery } from '../../api/me';
import { type Column, DataTable } from '../../ui/page/data-table';
import { ConfirmDialog } from '../../ui/forms/confirm-dialog';
import { Section } from '../../ui/page/place';
import { useAction } from '../../ui/problems/use-action';
import { GitAccountDialog } from './git-account-dialog';
import { IconButton } from '../../ui/icon-button';

type Account = Schemas['GitAccountDto'];

/** The git servers that executors fetch from with the reader's token; one account each. */
export function GitAccounts({ accounts }: { accounts: readonly Account[] }) {
  const { t } = useTranslation('settings');
  const [isAdding, setAdding] = useState(false);
  const [removed, setRemoved] = useState<string | null>(null);
  const remove = useAction(
    (domain: string) =>
      api.DELETE('/api/users/me/git-token/{git_domain}', { params: { path: { git_domain: domain } } }),
    { refresh: [meQuery.queryKey], onDone: () => setRemoved(null), isShownInPlace: true },
  );
  const add = (
    <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} onClick={() => setAdding(true)}>
      {t('addGit')}
    </Button>
  );
  const columns: Column<Account>[] = [
    { label: t('gitDomain'), cell: ({ git_domain: domain }) => domain },
    { label: t('gitLogin'), cell: ({ git_login: login, user_name: name }) => login ?? name },
    { label: t('gitToken'), cell: ({ git_token: token }) => <Code>{token.replace('***', '…')}</Code> },
    {
      label: '',
      align: 'right',
      cell: ({ git_domain: domain }) => (
        <IconButton label={t('removeGit', { domain })} icon={IconTrash} onClick={() => setRemoved(domain)} />
      ),
    },
  ];

  return (
    <Section title={t('git')} actions={add}>
      <DataTable
        label={t('git')}
        columns={columns}
        query={{ data: { items: accounts, total: accounts.length }, error: null, refetch: () => undefined }}
        rowKey={({ git_domain: domain }) => domain}
        minWidth={480}
        empty={<Text c="var(--text-soft)">{t('noGit')}</Text>}
      />
      {isAdding && <GitAccountDialog accounts={accounts} onClose={() => setAdding(false)} />}
      <ConfirmDialog
        opened={removed !== null}
        title={t('removeGit', { domain: removed })}
        confirmLabel={t('remove')}
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => removed !== null && remove.mutate(removed)}
        onClose={() => setRemoved(null)}
      >
        {t('removeGitText')}
      </ConfirmDialog>
    </Section>
  );
}
