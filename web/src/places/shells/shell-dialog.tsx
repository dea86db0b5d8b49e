import { Button, Group, Select, Text, TextInput } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { type Shell, shellsQuery } from '../../api/catalog';
import { api } from '../../api/client';
import { fieldError } from '../../ui/forms/field-error';
import { FormDialog } from '../../ui/forms/form-dialog';
import { FormProblem } from '../../ui/forms/form-problem';
import { useAction } from '../../ui/problems/use-action';
import { useFields } from '../../ui/forms/use-fields';
import { imageProblem } from './image-problem';
import { useImageCheck } from './use-image-check';
import { ValidationHistory } from './validation-history';
import { ValidationView } from './validation-view';

interface Props {
  shell: Shell | null;
  shells: readonly Shell[];
  onClose: () => void;
}

/** Adds a shell (null) or changes one. An image is saved once this very image has passed its validation. */
export function ShellDialog({ shell, shells, onClose }: Props) {
  const { t } = useTranslation(['shells', 'ui']);
  const bases = shells.filter(({ type, executionType }) => type === 'public' && executionType === 'local_engine');
  const { values, set } = useFields<Fields>(() => fieldsOf(shell, bases));
  const image = values.image.trim();
  const check = useImageCheck(bases.find(({ name }) => name === values.base)?.shellType ?? '', image, shell);
  const save = useAction(() => saveShell(shell, { ...values, image }), {
    refresh: [shellsQuery.queryKey],
    onDone: onClose,
    isShownInPlace: true,
  });
  const isImage = image !== '' && imageProblem(values.image) === null;

  return (
    <FormDialog
      title={shell ? t('editNamed', { name: shell.name }) : t('add')}
      submitLabel={t('ui:save')}
      isPending={save.isPending}
      canSubmit={values.name.trim() !== '' && isImage && check.isPassed}
      error={save.error}
      extra={
        !check.isPassed && (
          <Text fz="xs" c="var(--text-soft)">
            {t('saveLocked')}
          </Text>
        )
      }
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <ShellFields shell={shell} bases={bases} values={values} error={save.error} set={set} />
      <Group gap="md">
        <Button
          variant="default"
          size="xs"
          disabled={!isImage || values.base === ''}
          loading={check.isRunning}
          onClick={check.start}
        >
          {t('validate')}
        </Button>
        {check.cancel && (
          <Button variant="subtle" size="xs" loading={check.cancel.isPending} onClick={check.cancel.start}>
            {t('cancelValidation')}
          </Button>
        )}
        <Text c="var(--text-soft)" style={{ flex: '1 1 200px' }}>
          {check.words}
        </Text>
      </Group>
      <FormProblem error={check.error} />
      {check.validation && <ValidationView validation={check.validation} />}
      {shell && <ValidationHistory name={shell.name} />}
    </FormDialog>
  );
}

type Fields = Record<'name' | 'base' | 'image', string>;

interface FieldsProps {
  shell: Shell | null;
  bases: readonly Shell[];
  values: Fields;
  error: unknown;
  set: ReturnType<typeof useFields<Fields>>['set'];
}

function ShellFields({ shell, bases, values, error, set }: FieldsProps) {
  const { t } = useTranslation('shells');

  return (
    <>
      <TextInput
        label={t('name')}
        description={t('nameHint')}
        placeholder="my-image"
        required
        data-autofocus={shell === null || undefined}
        disabled={shell !== null}
        value={values.name}
        error={fieldError(error, 'name')}
        onChange={(event) => set('name')(event.currentTarget.value)}
      />
      <Select
        label={t('base')}
        description={t('baseHint')}
        allowDeselect={false}
        disabled={shell !== null}
        data={bases.map(({ name, displayName }) => ({ value: name, label: displayName ?? name }))}
        value={values.base}
        onChange={(name) => name !== null && set('base')(name)}
      />
      <TextInput
        label={t('image')}
        description={t('imageHint')}
        placeholder="ghcr.io/acme/agent:1"
        required
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        value={values.image}
        error={imageError(values.image, t) ?? fieldError(error, 'baseImage')}
        onChange={(event) => set('image')(event.currentTarget.value)}
      />
    </>
  );
}

function imageError(image: string, t: TFunction<'shells'>): string | undefined {
  const problem = imageProblem(image);

  return problem
    ? t(`imageProblem.${problem.code}`, { position: problem.at + 1, found: image.charAt(problem.at) })
    : undefined;
}

const fieldsOf = (shell: Shell | null, bases: readonly Shell[]): Fields => ({
  name: shell?.name ?? '',
  base: shell?.baseShellRef ?? bases[0]?.name ?? '',
  image: shell?.baseImage ?? '',
});

function saveShell(shell: Shell | null, { name, base, image }: { name: string; base: string; image: string }) {
  if (shell === null)
    return api.POST('/api/shells', { body: { name: name.trim(), baseShellRef: base, baseImage: image } });

  return api.PUT('/api/shells/{name}', { params: { path: { name: shell.name } }, body: { baseImage: image } });
}
