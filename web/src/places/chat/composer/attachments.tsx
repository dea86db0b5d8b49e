import { CloseButton, FileButton, Loader } from '@mantine/core';
import { IconPaperclip } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { formatBytes } from '../../../ui/format';
import { IconButton } from '../../../ui/icon-button';
import type { DraftFile } from '../data/memory';
import fieldClasses from '../fields/fields.module.css';

/** Opens the file picker. */
export function AttachButton({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useTranslation('chat');

  return (
    <FileButton multiple onChange={onFiles}>
      {(props) => <IconButton {...props} label={t('files.attach')} icon={IconPaperclip} size="lg" />}
    </FileButton>
  );
}

interface Props {
  files: readonly DraftFile[];
  uploading: readonly string[];
  onRemove: (file: DraftFile) => void;
}

/** The files that the next question carries. */
export function Attachments({ files, uploading, onRemove }: Props) {
  const { t } = useTranslation('chat');
  if (files.length === 0 && uploading.length === 0) return null;

  return (
    <ul className={fieldClasses['files']} aria-label={t('files.label')}>
      {files.map((file) => (
        <li key={file.id} className={fieldClasses['file']}>
          {file.name} <small>{formatBytes(file.size)}</small>
          <CloseButton size="xs" aria-label={t('files.remove', { name: file.name })} onClick={() => onRemove(file)} />
        </li>
      ))}
      {uploading.map((name, index) => (
        <li key={`${name}${index}`} className={fieldClasses['file']}>
          <Loader size={12} aria-hidden /> {name}
        </li>
      ))}
    </ul>
  );
}
