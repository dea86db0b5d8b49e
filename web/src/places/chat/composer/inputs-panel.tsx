import { Collapse, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../../api/api-problem';
import { FieldInput } from '../fields/field-input';
import { isEmptyValue } from '../fields/field';
import type { Submit } from './use-submit';
import classes from './composer.module.css';

/** The inputs of the team's app. It opens by itself when something is missing, and stays open until it is closed. */
export function InputsPanel({ submit, botId }: { submit: Submit; botId: number | null }) {
  const { t } = useTranslation('chat');
  const id = useId();
  const { fields, values, missing, problem, change } = submit;
  const [isOpen, setOpen] = useState(false);
  const hasRequired = fields.some(({ isRequired, name }) => isRequired && isEmptyValue(values[name]));
  useOpensFor(hasRequired, setOpen);
  useOpensFor(missing.length > 0, setOpen);
  if (fields.length === 0) return null;
  const filled = fields.filter(({ name }) => !isEmptyValue(values[name])).length;

  return (
    <section className={classes['inputs']} aria-label={t('inputs.label')}>
      <UnstyledButton
        className={classes['inputsHead']}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <IconChevronRight size={16} stroke={1.6} data-open={isOpen || undefined} aria-hidden />
        {t('inputs.summary', { filled, count: fields.length })}
      </UnstyledButton>
      <Collapse id={id} expanded={isOpen} transitionDuration={150}>
        <div className={classes['fields']}>
          {fields.map((field) => (
            <FieldInput
              key={field.name}
              field={field}
              value={values[field.name]}
              error={missing.includes(field) ? t('fields.required') : refusal(problem, field.name)}
              botId={botId}
              onChange={(value) => change({ inputs: { ...values, [field.name]: value } })}
            />
          ))}
        </div>
      </Collapse>
    </section>
  );
}

/** Opens when a reason comes up. Its end closes nothing: the reader may still be typing in the last missing field. */
function useOpensFor(isReason: boolean, setOpen: (isOpen: boolean) => void): void {
  const [wasReason, setWasReason] = useState(false);
  if (isReason === wasReason) return;
  setWasReason(isReason);
  if (isReason) setOpen(true);
}

const refusal = (problem: Error | null, name: string): string | null =>
  problem instanceof ApiProblem
    ? (problem.fields.find(({ field }) => field === `inputs.${name}`)?.message ?? null)
    : null;
