import { JsonInput, Select, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type Bot, botsQuery, type Shell, shellsQuery, teamsQuery } from '../../api/catalog';
import { api } from '../../api/client';
import { fieldError } from '../../ui/forms/field-error';
import { FormDialog } from '../../ui/forms/form-dialog';
import { useAction } from '../../ui/problems/use-action';
import { useFields } from '../../ui/forms/use-fields';
import { isObjectText } from '../models/model-fields';
import { type BotFields, botFieldsOf, botRequest, difyKeyOf, isDifyShell } from './bot-fields';
import { DifyConnection } from './dify-connection';
import { ModelSelect } from './model-select';

/** Adds a bot (null) or changes one: its runtime, its model or app, its instructions, tools and skills. */
export function BotDialog({ bot, onClose }: { bot: Bot | null; onClose: () => void }) {
  const { t } = useTranslation(['teams', 'ui']);
  const { data: shells = [] } = useQuery(shellsQuery);
  const { values, set, setText } = useFields<BotFields>(() => botFieldsOf(bot));
  const shell = shells.find(({ name }) => name === values.shell);
  const isDify = isDifyShell(shell?.shellType);
  const save = useAction(() => saveBot(bot, botRequest(values, isDify)), {
    refresh: [botsQuery.queryKey, teamsQuery.queryKey],
    onDone: onClose,
    isShownInPlace: true,
  });

  return (
    <FormDialog
      title={bot ? t('editNamed', { name: bot.name }) : t('addBot')}
      submitLabel={t('ui:save')}
      isPending={save.isPending}
      canSubmit={isReady(values)}
      error={save.error}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <TextInput
        label={t('name')}
        required
        data-autofocus={bot === null || undefined}
        value={values.name}
        error={fieldError(save.error, 'name')}
        onChange={setText('name')}
      />
      <Select
        label={t('shell')}
        description={shell && t(shell.executionType === 'external_api' ? 'shellDirect' : 'shellExecutor')}
        allowDeselect={false}
        data={shells.map((each) => ({ value: each.name, label: shellLabel(each, t('notAvailable')) }))}
        value={values.shell}
        error={fieldError(save.error, 'shell_name') ?? shell?.stateReason}
        onChange={(name) => name !== null && set('shell')(name)}
      />
      {isDify ? (
        <DifyConnection
          address={values.difyAddress}
          apiKey={values.difyKey}
          botId={bot?.id}
          storedKey={difyKeyOf(bot)}
          onAddress={set('difyAddress')}
          onKey={set('difyKey')}
        />
      ) : (
        <>
          <ModelSelect
            value={values.model}
            isOptional
            error={fieldError(save.error, 'model_name')}
            onChange={set('model')}
          />
          <Textarea
            label={t('instructions')}
            description={t('instructionsHint')}
            autosize
            minRows={4}
            maxRows={16}
            value={values.prompt}
            error={fieldError(save.error, 'system_prompt')}
            onChange={setText('prompt')}
          />
          <Tools fields={values} error={save.error} set={set} />
        </>
      )}
    </FormDialog>
  );
}

type SetField = ReturnType<typeof useFields<BotFields>>['set'];

/** What bots on executors use beside their model. */
function Tools({ fields, error, set }: { fields: BotFields; error: unknown; set: SetField }) {
  const { t } = useTranslation('teams');
  const json = (name: 'servers' | 'config', field: string) => ({
    label: t(name),
    description: t(`${name}Hint`),
    autosize: true,
    minRows: 2,
    maxRows: 12,
    value: fields[name],
    error: isObjectText(fields[name]) ? fieldError(error, field) : t('notAnObject'),
    onChange: set(name),
  });

  return (
    <>
      <JsonInput {...json('servers', 'mcp_servers')} placeholder='{"web": {"url": "https://…"}}' />
      <TagsInput
        label={t('skills')}
        description={t('skillsHint')}
        value={fields.skills}
        error={fieldError(error, 'skills')}
        onChange={set('skills')}
      />
      <JsonInput {...json('config', 'agent_config')} placeholder='{"env": {}}' />
    </>
  );
}

const isReady = ({ name, config, servers }: BotFields) =>
  name.trim() !== '' && isObjectText(config) && isObjectText(servers);

const shellLabel = ({ name, displayName, state }: Shell, notAvailable: string) =>
  `${displayName ?? name}${state === 'Available' ? '' : ` (${notAvailable})`}`;

function saveBot(bot: Bot | null, body: ReturnType<typeof botRequest>) {
  if (bot === null) return api.POST('/api/bots', { body });

  return api.PUT('/api/bots/{id}', { params: { path: { id: bot.id } }, body });
}
