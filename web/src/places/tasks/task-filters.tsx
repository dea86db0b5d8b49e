import { Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type Team, teamLabel } from '../../api/catalog';
import type { PageSearch } from '../../ui/page/page-search';
import { TASK_KINDS, TASK_STATUSES } from './task-state';

const TYPING_MS = 250;

interface Props {
  search: PageSearch;
  teams: readonly Team[];
  onChange: (changes: PageSearch) => void;
}

/** What the table of tasks is narrowed to. */
export function TaskFilters({ search, teams, onChange }: Props) {
  const { t } = useTranslation('tasks');
  const searchTitle = useDebouncedCallback((q: string) => onChange({ q: q.trim() }), TYPING_MS);

  return (
    <Group gap="sm" mb="md" role="search" aria-label={t('filters')}>
      <TextInput
        aria-label={t('searchTitle')}
        placeholder={t('searchTitle')}
        leftSection={<IconSearch size={16} />}
        type="search"
        defaultValue={search.q}
        style={{ flex: '1 1 200px' }}
        onChange={(event) => searchTitle(event.currentTarget.value)}
      />
      <Select
        aria-label={t('status')}
        placeholder={t('anyStatus')}
        clearable
        flex={{ base: '1 1 40%', sm: '0 0 160px' }}
        data={TASK_STATUSES.map((value) => ({ value, label: t(`statuses.${value}`) }))}
        value={search.status ?? null}
        onChange={(status) => onChange({ status: status ?? undefined })}
      />
      <Select
        aria-label={t('kind')}
        placeholder={t('anyKind')}
        clearable
        flex={{ base: '1 1 40%', sm: '0 0 140px' }}
        data={TASK_KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))}
        value={search.kind ?? null}
        onChange={(kind) => onChange({ kind: kind ?? undefined })}
      />
      <Select
        aria-label={t('team')}
        placeholder={t('anyTeam')}
        clearable
        searchable
        flex={{ base: '1 1 40%', sm: '0 0 200px' }}
        data={teams.map((team) => ({ value: String(team.id), label: teamLabel(team) }))}
        value={search.team === undefined ? null : String(search.team)}
        onChange={(team) => onChange({ team: team === null ? undefined : Number(team) })}
      />
    </Group>
  );
}
