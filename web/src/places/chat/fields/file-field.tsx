import { CloseButton, FileButton, Button, Input } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { formatBytes } from '../../../ui/format';
import type { DraftFile } from '../data/memory';
import { uploadFile } from '../data/upload-file';
import { type Field, isFile } from './field';
import classes from './fields.module.css';

interface Props {
  field: Field;
  value: unknown;
  error: string | null;
  botId: number | null;
  onChange: (value: unknown) => void;
}

/** An input that takes one file, or several. They are uploaded as soon as they are chosen. */
export function FileField({ field, value, error, botId, onChange }: Props) {
  const { t } = useTranslation('chat');
  const isList = field.kind === 'file-list';
  const files = (Array.isArray(value) ? value : [value]).filter(isFile);
  const limit = isList ? (field.maxLength ?? Infinity) : 1;
  const show = (next: readonly DraftFile[]) => onChange(isList ? next : (next[0] ?? null));
  const upload = useMutation({
    mutationFn: (chosen: File[]) => Promise.all(chosen.map((file) => uploadFile(botId, file))),
    onSuccess: (uploaded) => show([...files, ...uploaded].slice(0, limit)),
  });

  return (
    <Input.Wrapper
      label={field.label}
      description={field.hint}
      required={field.isRequired}
      error={error ?? upload.error?.message}
    >
      <div className={classes['files']}>
        {files.map((file) => (
          <span key={file.id} className={classes['file']}>
            {file.name} <small>{formatBytes(file.size)}</small>
            <CloseButton
              size="xs"
              aria-label={t('files.remove', { name: file.name })}
              onClick={() => show(files.filter(({ id }) => id !== file.id))}
            />
          </span>
        ))}
        {files.length < limit && (
          <FileButton
            multiple
            accept={field.accept === '' ? undefined : field.accept}
            onChange={(chosen) => upload.mutate(chosen.slice(0, limit - files.length))}
          >
            {(props) => (
              <Button {...props} variant="default" size="xs" loading={upload.isPending} disabled={botId === null}>
                {t('files.choose')}
              </Button>
            )}
          </FileButton>
        )}
      </div>
    </Input.Wrapper>
  );
}
