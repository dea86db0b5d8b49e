import { Checkbox, JsonInput, Select, Skeleton, Textarea, TextInput } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import type { Field } from './field';
import { FileField } from './file-field';

/** Larger than all others together, and few apps ask for numbers. */
const NumberInput = lazy(() => import('./number-input').then((module) => ({ default: module.NumberInput })));

interface Props {
  field: Field;
  value: unknown;
  error: string | null;
  /** The bot that takes uploads; without one files cannot be chosen. */
  botId: number | null;
  onChange: (value: unknown) => void;
}

/** One input of an app. */
export function FieldInput(props: Props) {
  switch (props.field.kind) {
    case 'text':
    case 'paragraph':
      return <TextField {...props} />;
    case 'select':
      return <SelectField {...props} />;
    case 'number':
      return <NumberField {...props} />;
    case 'checkbox':
      return <CheckboxField {...props} />;
    case 'json':
      return <JsonField {...props} />;
    case 'file':
    case 'file-list':
      return <FileField {...props} />;
  }
}

const sharedProps = ({ field, error }: Props) => ({
  label: field.label,
  description: field.hint,
  placeholder: field.placeholder ?? undefined,
  required: field.isRequired,
  error,
  size: 'sm' as const,
});

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;

  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
};

function TextField(props: Props) {
  const { field, value, onChange } = props;
  const shared = { ...sharedProps(props), value: textOf(value), maxLength: field.maxLength ?? undefined };
  if (field.kind === 'text') return <TextInput {...shared} onChange={({ target }) => onChange(target.value)} />;

  return <Textarea {...shared} autosize minRows={2} maxRows={10} onChange={({ target }) => onChange(target.value)} />;
}

function SelectField(props: Props) {
  const { field, value, onChange } = props;
  const text = textOf(value);

  return (
    <Select
      {...sharedProps(props)}
      data={[...field.options]}
      value={field.options.includes(text) ? text : null}
      clearable={!field.isRequired}
      onChange={onChange}
    />
  );
}

function NumberField(props: Props) {
  const { value, onChange } = props;

  return (
    <Suspense fallback={<Skeleton height={58} />}>
      <NumberInput
        {...sharedProps(props)}
        value={typeof value === 'number' ? value : textOf(value)}
        onChange={(entered) => onChange(entered === '' ? null : entered)}
      />
    </Suspense>
  );
}

function CheckboxField({ field, value, error, onChange }: Props) {
  return (
    <Checkbox
      label={field.label}
      description={field.hint}
      error={error}
      checked={value === true || value === 'true'}
      onChange={({ target }) => onChange(target.checked)}
    />
  );
}

function JsonField(props: Props) {
  const { t } = useTranslation('chat');
  const { value, onChange } = props;
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : textOf(value);

  return (
    <JsonInput
      {...sharedProps(props)}
      value={text}
      validationError={t('fields.invalidJson')}
      autosize
      minRows={2}
      maxRows={10}
      onChange={onChange}
    />
  );
}
