import { IconExternalLink, IconFile, IconPhoto } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { AnswerFile } from '../../../../stream/answer/answer-state';
import { imageKind, safeLink } from '../../markdown/text/safe-links';
import classes from './extras.module.css';

/** Files of an answer: images where this page may show them, else cards. */
export function AnswerFiles({ files }: { files: readonly AnswerFile[] }) {
  const { t } = useTranslation('chat');

  return (
    <ul className={classes['files']} aria-label={t('files.label')}>
      {files.map((file) => (
        <li key={file.id}>
          <FileView file={file} />
        </li>
      ))}
    </ul>
  );
}

function FileView({ file }: { file: AnswerFile }) {
  const { t } = useTranslation('chat');
  const name = file.name ?? t(file.kind === 'image' ? 'files.image' : 'files.file');
  const isInline = imageKind(file.url, window.location.origin) === 'inline';
  if (file.kind === 'image' && isInline) {
    return <img src={file.url} alt={name} loading="lazy" className={classes['image']} />;
  }
  const address = isInline ? file.url : safeLink(file.url, window.location.origin);
  const Icon = file.kind === 'image' ? IconPhoto : IconFile;
  const content = (
    <>
      <Icon size={16} stroke={1.6} aria-hidden />
      <span className={classes['chipText']}>{name}</span>
    </>
  );
  if (!address) return <span className={classes['file']}>{content}</span>;

  return (
    <a
      className={classes['file']}
      href={address}
      target="_blank"
      rel="noopener noreferrer"
      download={isInline ? name : undefined}
    >
      {content}
      <IconExternalLink size={14} stroke={1.6} aria-hidden />
    </a>
  );
}
