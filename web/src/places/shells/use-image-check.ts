import { useTranslation } from 'react-i18next';
import type { Shell } from '../../api/catalog';
import { api, bodyOf, type Schemas } from '../../api/client';
import { useAction } from '../../ui/use-action';
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
  const { validation, error } = useValidation(reply?.validationId ?? null);
  const isUnchanged = shell?.baseImage === image;

  return {
    start: () => submit.mutate({ image, shellType, ...(shell && { shellName: shell.name }) }),
    validation,
    isRunning: submit.isPending || isFollowed(reply, validation, error),
    isPassed: isUnchanged || hasPassed(reply, validation),
    error: refusalOf(reply) ?? (isCurrent ? submit.error : null) ?? error,
    words: isUnchanged ? t('imageUnchanged') : skippedWords(reply),
  };
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
