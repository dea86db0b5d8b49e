import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../../api/api-problem';
import { api, bodyOf } from '../../../api/client';
import type { AnswerForm } from '../../../stream/answer/answer-state';
import { fieldOfFormInput, formPieces, initialValues, missingFields, toInputs } from '../fields/field';
import { FieldInput } from '../fields/field-input';
import { MarkdownText } from '../markdown/markdown-text';
import { FormExpiry } from './form-expiry';
import classes from './steps.module.css';

interface Props {
  form: AnswerForm;
  taskId: number;
  botId: number | null;
}

/** A form that the app waits for. The answer goes on in the same stream once it is filled in, here or elsewhere. */
export function AppForm({ form, taskId, botId }: Props) {
  const { t } = useTranslation('chat');
  const fields = useMemo(() => form.inputs.map(fieldOfFormInput), [form.inputs]);
  const pieces = useMemo(() => formPieces(form.content, fields), [form.content, fields]);
  const [values, setValues] = useState(() => initialValues(fields, {}));
  const [missing, setMissing] = useState<ReadonlySet<string>>(new Set());
  const send = useMutation({
    mutationFn: (action: string) =>
      bodyOf(
        api.POST('/api/direct-chat/{task_id}/input', {
          params: { path: { task_id: taskId } },
          body: { form_token: form.form_token, action, inputs: toInputs(fields, values) },
        }),
      ),
  });
  const submit = (action: string) => {
    const empty = missingFields(fields, values);
    setMissing(new Set(empty.map(({ name }) => name)));
    if (empty.length === 0) send.mutate(action);
  };
  const errorOf = (name: string) => (missing.has(name) ? t('fields.required') : fieldError(send.error, name));

  return (
    <section className={classes['form']} aria-label={form.title || t('form.label')}>
      <div className={classes['formHead']}>
        <h3>{form.title || t('form.label')}</h3>
        {form.expires_at && <FormExpiry expiresAt={form.expires_at} />}
      </div>
      {pieces.map((piece, index) =>
        'text' in piece ? (
          <MarkdownText key={index} text={piece.text} />
        ) : (
          <FieldInput
            key={piece.field.name}
            field={piece.field}
            value={values[piece.field.name]}
            error={errorOf(piece.field.name)}
            botId={botId}
            onChange={(value) => setValues({ ...values, [piece.field.name]: value })}
          />
        ),
      )}
      {send.error && (
        <p className={classes['error']} role="alert">
          {send.error.message}
        </p>
      )}
      <div className={classes['buttons']}>
        {form.actions.map(({ id = '', title, style }) => (
          <Button
            key={id}
            size="sm"
            variant={style === 'primary' ? 'filled' : 'default'}
            color={style === 'danger' ? 'red' : undefined}
            loading={send.isPending && send.variables === id}
            disabled={send.isPending || send.isSuccess}
            onClick={() => submit(id)}
          >
            {title ?? id}
          </Button>
        ))}
      </div>
    </section>
  );
}

const fieldError = (error: Error | null, name: string) =>
  error instanceof ApiProblem ? (error.fields.find(({ field }) => field === `inputs.${name}`)?.message ?? null) : null;
