import { Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../../api/client';
import { chatKeys } from '../data/chat-keys';
import type { Repository } from '../data/memory';
import { repositoryOf } from './repository';
import classes from './composer.module.css';

interface Props {
  value: Repository;
  onChange: (value: Repository) => void;
}

/** Where an executor works: repository, branch, and the account that it uses. Without one it works in an empty folder. */
export function RepositoryFields({ value, onChange }: Props) {
  const { t } = useTranslation('chat');
  const { data: me } = useQuery({
    queryKey: chatKeys.me,
    queryFn: ({ signal }) => bodyOf(api.GET('/api/users/me', { signal })),
  });
  const domains = [
    ...new Set((me?.git_info ?? []).map(({ git_domain: domain }) => domain).filter((name) => name !== '')),
  ];

  return (
    <section className={classes['repository']} aria-label={t('repository.label')}>
      <TextInput
        size="xs"
        label={t('repository.url')}
        placeholder="https://git.example.com/team/project.git"
        value={value.git_url ?? ''}
        onChange={({ target }) => onChange({ ...value, ...repositoryOf(target.value) })}
      />
      <TextInput
        size="xs"
        label={t('repository.branch')}
        placeholder="main"
        value={value.branch_name ?? ''}
        onChange={({ target }) => onChange({ ...value, branch_name: target.value })}
      />
      <Select
        size="xs"
        label={t('repository.account')}
        placeholder={t('repository.noAccount')}
        data={domains}
        clearable
        value={value.git_domain !== undefined && domains.includes(value.git_domain) ? value.git_domain : null}
        onChange={(domain) =>
          onChange({ ...value, git_domain: domain ?? repositoryOf(value.git_url ?? '').git_domain ?? '' })
        }
      />
    </section>
  );
}
