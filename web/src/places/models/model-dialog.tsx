import { PasswordInput, SegmentedControl, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type Model, modelsQuery } from '../../api/catalog';
import { api } from '../../api/client';
import { fieldError } from '../../ui/forms/field-error';
import { FormDialog } from '../../ui/forms/form-dialog';
import { useAction } from '../../ui/problems/use-action';
import { useFields } from '../../ui/forms/use-fields';
import { ConnectionTest } from './connection-test';
import { fieldsOf, isObjectText, type ModelFields, requestOf } from './model-fields';
import { ModelParameters } from './model-parameters';

/** Adds a model (null) or changes one. The key goes to the server and never comes back. */
export function ModelDialog({ model, onClose }: { model: Model | null; onClose: () => void }) {
  const { t } = useTranslation(['models', 'ui']);
  const { values, set, setText } = useFields<ModelFields>(() => fieldsOf(model));
  const save = useAction(() => saveModel(model, values), {
    refresh: [modelsQuery.queryKey],
    onDone: onClose,
    isShownInPlace: true,
  });
  const isReady = values.name.trim() !== '' && values.modelId.trim() !== '' && isObjectText(values.more);

  return (
    <FormDialog
      title={model ? t('editNamed', { name: model.name }) : t('add')}
      submitLabel={t('ui:save')}
      isPending={save.isPending}
      canSubmit={isReady}
      error={save.error}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <Stack gap={4}>
        <Text fw={500} id="model-provider">
          {t('provider')}
        </Text>
        <SegmentedControl
          aria-labelledby="model-provider"
          value={values.provider}
          onChange={(value) => set('provider')(value)}
          data={(['openai', 'claude'] as const).map((value) => ({ value, label: t(`providers.${value}`) }))}
        />
        <Text fz="xs" c="var(--text-soft)">
          {t(`providerHints.${values.provider}`)}
        </Text>
      </Stack>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t('name')}
          description={model ? t('nameFixed') : t('nameHint')}
          placeholder="my-model"
          value={values.name}
          disabled={model !== null}
          required
          data-autofocus={model === null || undefined}
          error={fieldError(save.error, 'name')}
          onChange={setText('name')}
        />
        <TextInput
          label={t('displayName')}
          description={t('displayNameHint')}
          value={values.displayName}
          error={fieldError(save.error, 'displayName')}
          onChange={setText('displayName')}
        />
      </SimpleGrid>
      <TextInput
        label={t('baseUrl')}
        description={t('baseUrlHint')}
        placeholder={values.provider === 'claude' ? 'https://api.anthropic.com' : 'https://api.openai.com/v1'}
        type="url"
        value={values.baseUrl}
        error={fieldError(save.error, 'baseUrl')}
        onChange={setText('baseUrl')}
      />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t('modelId')}
          description={t('modelIdHint')}
          value={values.modelId}
          required
          error={fieldError(save.error, 'modelId')}
          onChange={setText('modelId')}
        />
        <PasswordInput
          label={t('key')}
          description={model?.apiKey ? t('keyStored', { key: model.apiKey.replace('***', '…') }) : t('keyHint')}
          placeholder={model?.apiKey ? t('keyStays') : undefined}
          autoComplete="off"
          value={values.apiKey}
          error={fieldError(save.error, 'apiKey')}
          visibilityToggleButtonProps={{ 'aria-label': t('showKey') }}
          onChange={setText('apiKey')}
        />
      </SimpleGrid>
      <ConnectionTest fields={values} isKeyStored={model?.apiKey != null} />
      <ModelParameters fields={values} error={save.error} set={set} setText={setText} />
    </FormDialog>
  );
}

function saveModel(model: Model | null, fields: ModelFields) {
  const body = requestOf(fields);
  if (model === null) return api.POST('/api/models', { body });

  return api.PUT('/api/models/{name}', { params: { path: { name: model.name } }, body });
}
