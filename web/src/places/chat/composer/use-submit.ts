import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readDraft, useDraft, writeDraft } from '../data/memory';
import { isDify, type Team, useInputParameters } from '../data/use-teams';
import { fieldOfParameter, fileReference, initialValues, missingFields, toInputs } from '../fields/field';
import { useAnswerStatus } from '../thread/live-answer';
import { bytesOver } from './prompt-length';
import { useAsk } from './use-ask';
import type { FollowUpsValue } from './use-follow-ups';

/** What the composer sends, and why it cannot be sent. @param team undefined while it is on its way */
export function useSubmit(taskId: number | null, team: Team | null | undefined, followUps: FollowUpsValue) {
  const { t } = useTranslation('chat');
  const [draft, change] = useDraft(taskId);
  const { isRunning } = useAnswerStatus();
  const form = useInputParameters(team ?? undefined);
  const ask = useAsk(taskId, team ?? null);
  const [isSending, setSending] = useState(false);
  const [isAwaited, setAwaited] = useState(false);
  const [problem, setProblem] = useState<Error | null>(null);
  const [isChecked, setChecked] = useState(false);

  const fields = useMemo(() => form.data?.parameters.map(fieldOfParameter) ?? [], [form.data]);
  const values = useMemo(() => initialValues(fields, draft.inputs), [fields, draft.inputs]);
  const missing = missingFields(fields, values);
  const over = bytesOver(draft.text);
  const canSend = draft.text.trim() !== '' && over === 0 && team !== null && !isSending;
  const isReady = team !== undefined && !form.isLoading;

  const submit = useCallback(async () => {
    if (!canSend) return;
    setAwaited(!isReady);
    if (!isReady) return;
    setChecked(true);
    if (missing.length > 0) return;
    setSending(true);
    setProblem(null);
    const isApp = isDify(team);
    const request = {
      prompt: draft.text,
      modelId: draft.modelId,
      repository: draft.repository,
      ...(isApp && { inputs: toInputs(fields, values), files: draft.files.map(fileReference) }),
    };
    try {
      await (isRunning ? followUps.add(request) : ask(request));
      // The text leaves when the server has it, and only that text: the reader may have gone on writing.
      writeDraft(taskId, {
        text: textBeyond(draft.text, readDraft(taskId).text),
        files: [],
        ...(taskId === null && { inputs: {} }),
      });
      setChecked(false);
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(t('composer.failed')));
    } finally {
      setSending(false);
    }
  }, [canSend, isReady, missing.length, team, draft, fields, values, isRunning, followUps, ask, taskId, t]);

  // Sent before it was known who answers, or what the app asks for.
  useEffect(() => {
    if (!isAwaited || !isReady) return undefined;
    const timer = setTimeout(() => void submit());

    return () => clearTimeout(timer);
  }, [isAwaited, isReady, submit]);

  return {
    draft,
    change,
    fields,
    values,
    files: form.data?.files ?? null,
    formError: form.error,
    missing: isChecked ? missing : [],
    over,
    canSend,
    isSending: isSending || isAwaited,
    problem,
    clearProblem: useCallback(() => setProblem(null), []),
    submit,
  };
}

/** What was written after the text that was sent. */
const textBeyond = (sent: string, now: string) => (now.startsWith(sent) ? now.slice(sent.length) : now);

export type Submit = ReturnType<typeof useSubmit>;
