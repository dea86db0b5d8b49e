import { Select, Stack, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type Team, teamsQuery } from '../../api/catalog';
import { api } from '../../api/client';
import { fieldError } from '../../ui/forms/field-error';
import { FormDialog } from '../../ui/forms/form-dialog';
import { useAction } from '../../ui/problems/use-action';
import { useFields } from '../../ui/forms/use-fields';
import { MemberRows } from './member-rows';
import { type Member, membersOf, MODES, teamRequest } from './team-parts';

interface Fields {
  name: string;
  mode: string;
  members: readonly Member[];
}

/** Changes a team: its name, how its bots work together, and who they are. */
export function TeamDialog({ team, onClose }: { team: Team; onClose: () => void }) {
  const { t } = useTranslation(['teams', 'ui']);
  const { values, set, setText } = useFields<Fields>(() => ({
    name: team.name,
    mode: team.workflow.mode ?? 'solo',
    members: membersOf(team),
  }));
  const body = teamRequest(values.name, values.mode, values.members);
  const save = useAction(() => api.PUT('/api/teams/{id}', { params: { path: { id: team.id } }, body }), {
    refresh: [teamsQuery.queryKey],
    onDone: onClose,
    isShownInPlace: true,
  });
  const modes = MODES.some((mode) => mode === values.mode) ? MODES : [...MODES, values.mode];

  return (
    <FormDialog
      title={t('editNamed', { name: team.name })}
      submitLabel={t('ui:save')}
      isPending={save.isPending}
      canSubmit={body.name !== '' && body.bots.length > 0}
      error={save.error}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <TextInput
        label={t('name')}
        required
        value={values.name}
        error={fieldError(save.error, 'name')}
        onChange={setText('name')}
      />
      <Select
        label={t('mode')}
        description={t(`modeHints.${values.mode}`, '')}
        allowDeselect={false}
        data={modes.map((mode) => ({ value: mode, label: t(`modes.${mode}`, mode) }))}
        value={values.mode}
        onChange={(mode) => mode !== null && set('mode')(mode)}
      />
      <Stack gap="sm" role="group" aria-label={t('members')}>
        <Text fw={500}>{values.mode === 'pipeline' ? t('membersInOrder') : t('members')}</Text>
        <MemberRows members={values.members} isOrdered={values.mode === 'pipeline'} onChange={set('members')} />
      </Stack>
    </FormDialog>
  );
}
