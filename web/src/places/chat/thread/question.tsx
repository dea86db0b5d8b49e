import { Button, Textarea } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatNumber } from '../../../ui/format';
import { useComposition } from '../composer/use-composition';
import { type Subtask, questionText } from '../data/turns';
import { CopyButton } from '../markdown/code/copy-button';
import { useThread } from './thread-context';
import classes from './question.module.css';
import { IconButton } from '../../../ui/icon-button';

interface Props {
  question: Subtask;
  isBusy: boolean;
}

/** A question, to the right; it can be changed in place and asked again. */
export function Question({ question, isBusy }: Props) {
  const { t } = useTranslation('chat');
  const [isEditing, setEditing] = useState(false);
  const text = questionText(question.prompt);
  if (isEditing) return <QuestionEditor question={question} text={text} onClose={() => setEditing(false)} />;

  return (
    <div className={classes['question']}>
      <QuestionText text={text} />
      <div className={classes['actions']}>
        <Versions question={question} isBusy={isBusy} />
        <CopyButton text={text} label={t('actions.copyQuestion')} />
        <IconButton
          label={t('actions.edit')}
          icon={IconPencil}
          size="sm"
          disabled={isBusy}
          data-edit-question
          onClick={() => setEditing(true)}
        />
      </div>
    </div>
  );
}

/** The words of a question; long ones are folded. */
export function QuestionText({ text }: { text: string }) {
  const { t } = useTranslation('chat');
  const [isWhole, setWhole] = useState(false);
  const isLong = text.length > 1500 || text.split('\n').length > 20;

  return (
    <div className={classes['block']}>
      <div className={classes['text']} dir="auto" data-folded={(isLong && !isWhole) || undefined}>
        {text}
      </div>
      {isLong && (
        <Button variant="subtle" size="compact-xs" onClick={() => setWhole(!isWhole)}>
          {isWhole ? t('question.less') : t('question.more')}
        </Button>
      )}
    </div>
  );
}

function QuestionEditor({ question, text, onClose }: { question: Subtask; text: string; onClose: () => void }) {
  const { t } = useTranslation('chat');
  const { actions } = useThread();
  const [value, setValue] = useState(text);
  const [isSending, setSending] = useState(false);
  const composition = useComposition();
  const send = async () => {
    if (value.trim() === '' || isSending) return;
    setSending(true);
    const isTaken = (await actions?.edit(question.id, value)) ?? false;
    setSending(false);
    if (isTaken) onClose();
  };

  return (
    <div className={classes['editor']}>
      <Textarea
        aria-label={t('question.edit')}
        autosize
        minRows={2}
        maxRows={12}
        value={value}
        dir="auto"
        data-autofocus
        ref={(element) => {
          if (element && document.activeElement !== element && !element.dataset['seen']) {
            element.dataset['seen'] = 'true';
            element.focus();
            element.setSelectionRange(element.value.length, element.value.length);
          }
        }}
        onChange={({ target }) => setValue(target.value)}
        {...composition.handlers}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            event.stopPropagation();
            onClose();
          }
          if (event.key === 'Enter' && !event.shiftKey && !composition.isComposing(event)) {
            event.preventDefault();
            void send();
          }
        }}
      />
      <div className={classes['buttons']}>
        <Button variant="default" size="xs" onClick={onClose}>
          {t('cancel')}
        </Button>
        <Button size="xs" loading={isSending} disabled={value.trim() === ''} onClick={() => void send()}>
          {t('question.send')}
        </Button>
      </div>
    </div>
  );
}

function Versions({ question, isBusy }: Props) {
  const { t } = useTranslation('chat');
  const { actions } = useThread();
  if (!question.version || question.version.count < 2) return null;
  const { index, count, subtask_ids: ids } = question.version;
  const arrow = (to: number, label: string, Icon: typeof IconChevronLeft) => (
    <IconButton
      label={label}
      icon={Icon}
      size="sm"
      disabled={isBusy || ids[to - 1] === undefined}
      onClick={() => void actions?.showVersion(ids[to - 1] ?? question.id)}
    />
  );

  return (
    <span className={classes['versions']} role="group" aria-label={t('question.versions')}>
      {arrow(index - 1, t('question.previous'), IconChevronLeft)}
      <span>{`${formatNumber(index)}/${formatNumber(count)}`}</span>
      {arrow(index + 1, t('question.next'), IconChevronRight)}
    </span>
  );
}
