import { Button, Group, Select, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type Shell, shellsQuery } from '../../api/catalog';
import { api, bodyOf } from '../../api/client';
import { fieldError } from '../../ui/field-error';
import { FormDialog } from '../../ui/form-dialog';
import { FormProblem } from '../../ui/form-problem';
import { useAction } from '../../ui/use-action';
import { useFields } from '../../ui/use-fields';
import { imageProblem } from './image-problem';
import { useValidation } from './use-validation';
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
  const { values, set, setText } = useFields({
    name: shell?.name ?? '',
    base: shell?.baseShellRef ?? bases[0]?.name ?? '',
    image: shell?.baseImage ?? '',
  });
  const image = values.image.trim();
  const check = useImageCheck(bases.find(({ name }) => name === values.base)?.shellType ?? '', image, shell);
  const save = useAction(() => saveShell(shell, { ...values, image }), {
    refresh: [shellsQuery.queryKey],
    onDone: onClose,
    isShownInPlace: true,
  });
  const problem = imageProblem(values.image);

  return (
    <FormDialog
      title={shell ? t('editNamed', { name: shell.name }) : t('add')}
      submitLabel={t('ui:save')}
      isPending={save.isPending}
      canSubmit={values.name.trim() !== '' && image !== '' && problem === null && check.isPassed}
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
      <TextInput
        label={t('name')}
        description={t('nameHint')}
        placeholder="my-image"
        required
        data-autofocus={shell === null || undefined}
        disabled={shell !== null}
        value={values.name}
        error={fieldError(save.error, 'name')}
        onChange={setText('name')}
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
        error={
          problem
            ? t(`imageProblem.${problem.code}`, { position: problem.at + 1, found: values.image.charAt(problem.at) })
            : fieldError(save.error, 'baseImage')
        }
        onChange={setText('image')}
      />
      <Group gap="md">
        <Button
          variant="default"
          size="xs"
          disabled={image === '' || problem !== null || values.base === ''}
          loading={check.isRunning}
          onClick={check.start}
        >
          {t('validate')}
        </Button>
        <Text fz="sm" c="var(--text-soft)" style={{ flex: '1 1 200px' }}>
          {check.words}
        </Text>
      </Group>
      <FormProblem error={check.error} />
      {check.validation && <ValidationView validation={check.validation} />}
      {shell && <ValidationHistory name={shell.name} />}
    </FormDialog>
  );
}

/** The validation of what stands in the dialog; a verdict about another image or runtime does not count. */
function useImageCheck(shellType: string, image: string, shell: Shell | null) {
  const { t } = useTranslation('shells');
  const submit = useAction(
    (body: { image: string; shellType: string; shellName?: string }) =>
      bodyOf(api.POST('/api/shells/validate-image', { body })),
    { isShownInPlace: true },
  );
  const isCurrent = submit.variables?.image === image && submit.variables.shellType === shellType;
  const reply = isCurrent ? submit.data : undefined;
  const { validation, error } = useValidation(reply?.validationId ?? null);
  const isUnchanged = shell !== null && image === shell.baseImage;

  return {
    start: () => submit.mutate({ image, shellType, ...(shell && { shellName: shell.name }) }),
    validation,
    isRunning: submit.isPending || (reply?.status === 'submitted' && validation?.status !== 'completed' && !error),
    isPassed: isUnchanged || reply?.status === 'skipped' || validation?.valid === true,
    error: reply?.status === 'error' ? new Error(reply.message) : ((isCurrent ? submit.error : null) ?? error),
    words: reply?.status === 'skipped' ? reply.message : isUnchanged ? t('imageUnchanged') : null,
  };
}

function saveShell(shell: Shell | null, { name, base, image }: { name: string; base: string; image: string }) {
  if (shell === null)
    return api.POST('/api/shells', { body: { name: name.trim(), baseShellRef: base, baseImage: image } });

  return api.PUT('/api/shells/{name}', { params: { path: { name: shell.name } }, body: { baseImage: image } });
}
