import { Code, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconGitBranch } from '@tabler/icons-react';
import { useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatNumber } from '../../../../ui/format';
import { HighlightedCode } from '../../markdown/code/highlighted-code';
import { type ChangedFile, filesOf, type TurnDiff } from './turn-diff';
import classes from './changes.module.css';

const SHORT_COMMIT = 9;

/** What a turn has changed: its branch on one line, that opens to the files, each of which opens to its lines. */
export function Changes({ diff }: { diff: TurnDiff }) {
  const { t } = useTranslation('chat');
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const files = useMemo(() => filesOf(diff.patch), [diff.patch]);
  const commit = diff.commit ?? diff.base;

  return (
    <section className={classes['changes']} aria-label={t('changes.label')}>
      <UnstyledButton
        className={classes['head']}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <IconChevronRight size={16} stroke={1.6} data-open={isOpen || undefined} aria-hidden />
        <span className={classes['count']}>{t('changes.files', { count: files.length })}</span>
        <Counts added={sum(files, 'added')} removed={sum(files, 'removed')} />
        <span className={classes['branch']}>
          <IconGitBranch size={14} stroke={1.6} aria-hidden />
          {diff.branch}
          {commit !== '' && <Code>{commit.slice(0, SHORT_COMMIT)}</Code>}
        </span>
      </UnstyledButton>
      <div id={id} hidden={!isOpen} className={classes['files']}>
        {isOpen && <Files files={files} diff={diff} />}
      </div>
    </section>
  );
}

function Files({ files, diff }: { files: readonly ChangedFile[]; diff: TurnDiff }) {
  const { t } = useTranslation('chat');

  return (
    <>
      {diff.commit === null && <p className={classes['note']}>{t('changes.notCommitted')}</p>}
      {files.length === 0 && <pre className={classes['stat']}>{diff.stat}</pre>}
      {files.map((file, index) => (
        <FileChange key={`${index} ${file.path}`} file={file} isOpenAtFirst={files.length === 1} />
      ))}
      {diff.isCut && <p className={classes['note']}>{t('changes.cut')}</p>}
    </>
  );
}

/** One file. Its lines are coloured when it is opened. */
function FileChange({ file, isOpenAtFirst }: { file: ChangedFile; isOpenAtFirst: boolean }) {
  const [isOpen, setOpen] = useState(isOpenAtFirst);

  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <IconChevronRight size={14} stroke={1.6} data-open={isOpen || undefined} aria-hidden />
        <span className={classes['path']}>{file.path}</span>
        <Counts added={file.added} removed={file.removed} />
      </summary>
      {isOpen && file.text !== '' && <HighlightedCode code={file.text} language="diff" isOpen={false} />}
    </details>
  );
}

function Counts({ added, removed }: { added: number; removed: number }) {
  const { t } = useTranslation('chat');

  return (
    <span className={classes['counts']} aria-label={t('changes.lines', { added, removed })} role="img">
      {added > 0 && <span data-kind="added">+{formatNumber(added)}</span>}
      {removed > 0 && <span data-kind="removed">−{formatNumber(removed)}</span>}
    </span>
  );
}

const sum = (files: readonly ChangedFile[], name: 'added' | 'removed') =>
  files.reduce((total, file) => total + file[name], 0);
