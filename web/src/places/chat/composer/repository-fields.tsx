import { Autocomplete, Collapse, Select, Text, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconChevronRight } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { branchesQuery, repositoriesQuery } from '../../../api/git';
import { useMe } from '../../../api/me';
import { TextLink } from '../../../ui/button-link';
import type { Repository } from '../data/memory';
import { chosenRepository, repositoryOf } from './repository';
import classes from './composer.module.css';

interface Props {
  value: Repository;
  onChange: (value: Repository) => void;
}

/** Where an executor works: repository, branch, and the account that it uses. Without one it works in an empty folder. */
export function RepositoryFields({ value, onChange }: Props) {
  const { t } = useTranslation('chat');
  const id = useId();
  const [isOpen, setOpen] = useState(true);
  const { git_url: url = '', git_repo: path = '', branch_name: branch = '' } = value;
  const place = [path || url || t('repository.none'), url !== '' && branch].filter(Boolean).join(' · ');

  return (
    <section className={classes['inputs']} aria-label={t('repository.label')}>
      <UnstyledButton
        className={classes['inputsHead']}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <IconChevronRight size={16} stroke={1.6} data-open={isOpen || undefined} aria-hidden />
        {t('repository.summary', { place })}
      </UnstyledButton>
      <Collapse id={id} expanded={isOpen} transitionDuration={150}>
        <Fields value={value} onChange={onChange} />
      </Collapse>
    </section>
  );
}

function Fields({ value, onChange }: Props) {
  const { t } = useTranslation('chat');
  const accounts = useMe()?.git_info ?? [];
  const domains = [...new Set(accounts.map(({ git_domain: domain }) => domain).filter((name) => name !== ''))];
  const repositories = useQuery({ ...repositoriesQuery, enabled: domains.length > 0 });
  const known = repositories.data?.find(({ git_url: url }) => url === value.git_url);
  const branches = useQuery(branchesQuery(known));
  const first = branches.data?.find((branch) => branch.default);

  return (
    <>
      <div className={classes['repository']}>
        <Autocomplete
          size="xs"
          label={t('repository.url')}
          placeholder="https://git.example.com/team/project.git"
          data={[...new Set(repositories.data?.map(({ git_url: url }) => url))]}
          limit={20}
          maxDropdownHeight={240}
          comboboxProps={{ position: 'top-start' }}
          value={value.git_url ?? ''}
          onChange={(text) =>
            onChange({
              ...value,
              ...chosenRepository(repositories.data, text),
              ...(text === '' && { branch_name: '' }),
            })
          }
        />
        <Autocomplete
          size="xs"
          label={t('repository.branch')}
          placeholder={first?.name ?? 'main'}
          data={[...new Set(branches.data?.map(({ name }) => name))]}
          limit={20}
          maxDropdownHeight={240}
          comboboxProps={{ position: 'top-start' }}
          value={value.branch_name ?? ''}
          onChange={(name) => onChange({ ...value, branch_name: name })}
        />
        {domains.length > 0 && (
          <Select
            size="xs"
            label={t('repository.account')}
            placeholder={t('repository.noAccount')}
            data={domains}
            clearable
            comboboxProps={{ position: 'top-start' }}
            value={value.git_domain !== undefined && domains.includes(value.git_domain) ? value.git_domain : null}
            onChange={(domain) =>
              onChange({ ...value, git_domain: domain ?? repositoryOf(value.git_url ?? '').git_domain ?? '' })
            }
          />
        )}
      </div>
      <Hint isWithoutAccount={domains.length === 0} problem={repositories.error ?? branches.error} />
    </>
  );
}

/** What the fields cannot offer, and what to do about it. */
function Hint({ isWithoutAccount, problem }: { isWithoutAccount: boolean; problem: Error | null }) {
  const { t } = useTranslation('chat');
  if (problem) {
    return (
      <Text fz="xs" c="var(--text-soft)" role="status" pb={8}>
        {t('repository.notListed', { reason: problem.message })}
      </Text>
    );
  }
  if (!isWithoutAccount) return null;

  return (
    <Text fz="xs" c="var(--text-soft)" pb={8}>
      {t('repository.publicOnly')} <TextLink to="/settings">{t('repository.addAccount')}</TextLink>
    </Text>
  );
}
