import { Checkbox, JsonInput, NumberInput, Select, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Field } from './field';
import { FileField } from './file-field';

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
  const { t } = useTranslation('chat');
  const { field, value, error, onChange } = props;
  const shared = {
    label: field.label,
    description: field.hint,
    placeholder: field.placeholder ?? undefined,
    required: field.isRequired,
    error,
    size: 'sm',
  } as const;
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  const maxLength = field.maxLength ?? undefined;
  switch (field.kind) {
    case 'text':
      return (
        <TextInput {...shared} value={text} maxLength={maxLength} onChange={({ target }) => onChange(target.value)} />
      );
    case 'paragraph':
      return (
        <Textarea
          {...shared}
          value={text}
          maxLength={maxLength}
          autosize
          minRows={2}
          maxRows={10}
          onChange={({ target }) => onChange(target.value)}
        />
      );
    case 'select':
      return (
        <Select
          {...shared}
          data={[...field.options]}
          value={text === '' ? null : text}
          clearable={!field.isRequired}
          onChange={onChange}
        />
      );
    case 'number':
      return (
        <NumberInput
          {...shared}
          value={typeof value === 'number' ? value : text}
          onChange={(entered) => onChange(entered === '' ? null : entered)}
        />
      );
    case 'checkbox':
      return (
        <Checkbox
          label={field.label}
          description={field.hint}
          error={error}
          checked={value === true || value === 'true'}
          onChange={({ target }) => onChange(target.checked)}
        />
      );
    case 'json':
      return (
        <JsonInput
          {...shared}
          value={typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : text}
          validationError={t('fields.invalidJson')}
          autosize
          minRows={2}
          maxRows={10}
          onChange={onChange}
        />
      );
    case 'file':
    case 'file-list':
      return <FileField {...props} />;
  }
}
