import { Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type Team, teamName, useModels } from '../data/use-teams';
import classes from './composer.module.css';

interface TeamProps {
  teams: readonly Team[];
  team: Team | null;
  onChange: (teamId: number) => void;
}

/** Who answers. */
export function TeamPicker({ teams, team, onChange }: TeamProps) {
  const { t } = useTranslation('chat');

  return (
    <Select
      aria-label={t('composer.team')}
      variant="unstyled"
      size="sm"
      className={classes['picker']}
      comboboxProps={{ width: 280, position: 'top-start' }}
      data={teams.map((each) => ({ value: String(each.id), label: teamName(each) }))}
      value={team ? String(team.id) : null}
      placeholder={t('composer.noTeam')}
      allowDeselect={false}
      searchable={teams.length > 10}
      onChange={(value) => value !== null && onChange(Number(value))}
    />
  );
}

interface ModelProps {
  value: string | null;
  onChange: (modelId: string | null) => void;
}

/** A model in place of the one that the team has. */
export function ModelPicker({ value, onChange }: ModelProps) {
  const { t } = useTranslation('chat');
  const { data: models = [] } = useModels();

  return (
    <Select
      aria-label={t('composer.model')}
      variant="unstyled"
      size="sm"
      className={classes['picker']}
      comboboxProps={{ width: 280, position: 'top-start' }}
      data={[
        { value: '', label: t('composer.ownModel') },
        ...models.map(({ name, displayName }) => ({ value: name, label: displayName ?? name })),
      ]}
      value={models.some(({ name }) => name === value) ? value : ''}
      allowDeselect={false}
      searchable={models.length > 10}
      onChange={(name) => onChange(name === '' ? null : name)}
    />
  );
}
