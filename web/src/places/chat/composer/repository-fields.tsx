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
  const { domains, repositories, branches, problem } = useRepositories(value);
  const choose = (text: string) => onChange({ ...value, ...chosenRepository(repositories, text), branch_name: '' });

  return (
    <>
      <div className={classes['repository']}>
        <Autocomplete
          {...SUGGESTING}
          label={t('repository.url')}
          placeholder="https://git.example.com/team/project.git"
          data={namesOf(repositories?.map(({ git_url: url }) => url))}
          value={value.git_url ?? ''}
          onChange={choose}
        />
        <Autocomplete
          {...SUGGESTING}
          label={t('repository.branch')}
          placeholder={branches?.find((branch) => branch.default)?.name ?? 'main'}
          data={namesOf(branches?.map(({ name }) => name))}
          value={value.branch_name ?? ''}
          onChange={(name) => onChange({ ...value, branch_name: name })}
        />
        {domains.length > 0 && <AccountSelect domains={domains} value={value} onChange={onChange} />}
      </div>
      <Hint isWithoutAccount={domains.length === 0} problem={problem} />
    </>
  );
}

/** What the git accounts of the reader reach. */
function useRepositories({ git_url: chosen }: Repository) {
  const accounts = useMe()?.git_info ?? [];
  const domains = namesOf(accounts.map(({ git_domain: domain }) => domain));
  const repositories = useQuery({ ...repositoriesQuery, enabled: domains.length > 0 });
  const branches = useQuery(branchesQuery(repositories.data?.find(({ git_url: url }) => url === chosen)));

  return {
    domains,
    repositories: repositories.data,
    branches: branches.data,
    problem: repositories.error ?? branches.error,
  };
}

const SUGGESTING = { size: 'xs', limit: 20, maxDropdownHeight: 240, comboboxProps: { position: 'top-start' } } as const;

/** Each name once: the choices of a list have to differ. */
const namesOf = (names: readonly string[] = []): string[] => [...new Set(names.filter((name) => name !== ''))];

/** Whose account is used. Without a choice it is that of the address. */
function AccountSelect({ domains, value, onChange }: Props & { domains: string[] }) {
  const { t } = useTranslation('chat');
  const { git_domain: domain = '', git_url: url = '' } = value;

  return (
    <Select
      size="xs"
      label={t('repository.account')}
      placeholder={t('repository.noAccount')}
      data={domains}
      clearable
      comboboxProps={SUGGESTING.comboboxProps}
      value={domains.includes(domain) ? domain : null}
      onChange={(chosen) => onChange({ ...value, git_domain: chosen ?? repositoryOf(url).git_domain ?? '' })}
    />
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
