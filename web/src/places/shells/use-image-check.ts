import { useTranslation } from 'react-i18next';
import type { Shell } from '../../api/catalog';
import { api, bodyOf, type Schemas } from '../../api/client';
import { useAction } from '../../ui/problems/use-action';
import { useValidation } from './use-validation';
import type { Validation } from './validation-stream';

type Reply = Schemas['ValidationRequestDto'];
type Request = Schemas['ValidateImageDto'];

/** The validation of what stands in the dialog; a verdict about another image or runtime does not count. */
export function useImageCheck(shellType: string, image: string, shell: Shell | null) {
  const { t } = useTranslation('shells');
  const submit = useAction((body: Request) => bodyOf(api.POST('/api/shells/validate-image', { body })), {
    isShownInPlace: true,
  });
  const isCurrent = isSame(submit.variables, { image, shellType });
  const reply = isCurrent ? submit.data : undefined;
  const id = reply?.validationId ?? null;
  const { validation, error } = useValidation(id);
  const isRunning = isFollowed(reply, validation, error);
  const isUnchanged = shell?.baseImage === image;

  return {
    start: () => submit.mutate({ image, shellType, ...(shell && { shellName: shell.name }) }),
    cancel: useCancel(isRunning ? id : null),
    validation,
    isRunning: submit.isPending || isRunning,
    isPassed: isUnchanged || hasPassed(reply, validation),
    error: refusalOf(reply) ?? (isCurrent ? submit.error : null) ?? error,
    words: isUnchanged ? t('imageUnchanged') : skippedWords(reply),
  };
}

/** Ends a validation without a verdict; null while nothing runs. */
function useCancel(id: string | null) {
  const cancel = useAction((running: string) =>
    api.POST('/api/shells/validation-status/{id}/cancel', { params: { path: { id: running } } }),
  );

  return id === null ? null : { start: () => cancel.mutate(id), isPending: cancel.isPending };
}

const isSame = (sent: Request | undefined, { image, shellType }: Request) =>
  sent?.image === image && sent.shellType === shellType;

const isFollowed = (reply: Reply | undefined, validation: Validation | null, error: unknown) =>
  reply?.status === 'submitted' && validation?.status !== 'completed' && (error === null || error === undefined);

const hasPassed = (reply: Reply | undefined, validation: Validation | null) =>
  reply?.status === 'skipped' || validation?.valid === true;

const skippedWords = (reply: Reply | undefined) => (reply?.status === 'skipped' ? reply.message : null);

/** Without an executor manager the server says so in the reply itself. */
const refusalOf = (reply: Reply | undefined) => (reply?.status === 'error' ? new Error(reply.message) : null);
