import { SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { botsQuery, teamsQuery } from '../../api/catalog';
import { fieldError } from '../../ui/forms/field-error';
import { FormDialog } from '../../ui/forms/form-dialog';
import { useAction } from '../../ui/problems/use-action';
import { useFields } from '../../ui/forms/use-fields';
import { createTeamWithBot } from './create-team';
import { DifyConnection } from './dify-connection';
import { ModelSelect } from './model-select';
import { CHAT_SHELL, DIFY_SHELL, difyConfig } from './team-parts';

interface Fields {
  kind: 'model' | 'dify';
  name: string;
  model: string | null;
  instructions: string;
  address: string;
  apiKey: string;
}

const EMPTY: Fields = { kind: 'model', name: '', model: null, instructions: '', address: '', apiKey: '' };

/** A team of one bot in one short form, and then the chat with it. */
export function NewTeamDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('teams');
  const navigate = useNavigate();
  const { values, set, setText } = useFields<Fields>(EMPTY);
  const create = useAction(() => createTeamWithBot(botOf(values)), {
    refresh: [teamsQuery.queryKey, botsQuery.queryKey],
    onDone: (team) => void navigate({ to: '/', search: { team: team.id } }),
    isShownInPlace: true,
  });
  const hasConnection = values.kind === 'model' ? values.model !== null : values.apiKey.trim() !== '';

  return (
    <FormDialog
      title={t('add')}
      submitLabel={t('createAndChat')}
      isPending={create.isPending}
      canSubmit={values.name.trim() !== '' && hasConnection}
      error={create.error}
      onSubmit={() => create.mutate()}
      onClose={onClose}
    >
      <SegmentedControl
        aria-label={t('whoAnswers')}
        value={values.kind}
        onChange={(kind) => set('kind')(kind)}
        data={[
          { value: 'model', label: t('aModel') },
          { value: 'dify', label: t('aDifyApp') },
        ]}
      />
      <TextInput
        label={t('name')}
        placeholder={t('namePlaceholder')}
        required
        data-autofocus
        value={values.name}
        error={fieldError(create.error, 'name')}
        onChange={setText('name')}
      />
      {values.kind === 'model' ? (
        <>
          <ModelSelect value={values.model} error={fieldError(create.error, 'model_name')} onChange={set('model')} />
          <Textarea
            label={t('instructions')}
            description={t('instructionsHint')}
            placeholder={t('instructionsPlaceholder')}
            autosize
            minRows={4}
            maxRows={14}
            value={values.instructions}
            error={fieldError(create.error, 'system_prompt')}
            onChange={setText('instructions')}
          />
        </>
      ) : (
        <DifyConnection
          address={values.address}
          apiKey={values.apiKey}
          onAddress={set('address')}
          onKey={set('apiKey')}
        />
      )}
    </FormDialog>
  );
}

function botOf({ kind, name, model, instructions, address, apiKey }: Fields) {
  const bot = { name: name.trim(), system_prompt: instructions };
  if (kind === 'model') return { ...bot, shell_name: CHAT_SHELL, model_name: model };

  return { ...bot, system_prompt: '', shell_name: DIFY_SHELL, agent_config: difyConfig(address, apiKey) };
}
