import { ActionIcon, Button, Textarea } from '@mantine/core';
import { IconArrowUp, IconPlayerStopFilled } from '@tabler/icons-react';
import { type ClipboardEvent, type DragEvent, memo, type RefObject, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../../api/api-problem';
import { formatNumber } from '../../../ui/format';
import { isDify, type Team } from '../data/use-teams';
import { useAnswerStatus } from '../thread/live-answer';
import { AttachButton, Attachments } from './attachments';
import { FollowUpList } from './follow-up-list';
import { InputsPanel } from './inputs-panel';
import { ModelPicker, TeamPicker } from './pickers';
import { RepositoryFields } from './repository-fields';
import { useAttachments } from './use-attachments';
import { useComposerKeys } from './use-composer-keys';
import { useFollowUps } from './use-follow-ups';
import { type Submit, useSubmit } from './use-submit';
import classes from './composer.module.css';

interface Props {
  taskId: number | null;
  teams: readonly Team[];
  /** Undefined while it is on its way. */
  team: Team | null | undefined;
  botId: number | null;
  input: RefObject<HTMLTextAreaElement | null>;
  onTeam: (teamId: number) => void;
}

/** Where questions are written. Nothing that was written is ever lost. */
export const Composer = memo(function Composer({ taskId, teams, team, botId, input, onTeam }: Props) {
  const { t } = useTranslation('chat');
  const { isRunning } = useAnswerStatus();
  const followUps = useFollowUps(taskId);
  const submit = useSubmit(taskId, team, followUps);
  const { draft, change } = submit;
  const attachments = useAttachments(taskId, botId, submit.files);
  const drop = useFileDrop(attachments);
  const keys = useComposerKeys(submit);
  const isExecutor = team?.supports_direct_chat === false;

  return (
    <div className={classes['frame']}>
      <FollowUpList
        followUps={followUps}
        onTakenBack={(prompt) => {
          change({ text: draft.text === '' ? prompt : `${prompt}\n${draft.text}` });
          input.current?.focus();
        }}
      />
      <SendProblem submit={submit} />
      <form
        className={classes['composer']}
        aria-label={t('composer.label')}
        data-dropping={drop.isOver || undefined}
        onSubmit={(event) => {
          event.preventDefault();
          void submit.submit();
        }}
        {...drop.handlers}
      >
        <InputsPanel submit={submit} botId={botId} />
        {isExecutor && taskId === null && (
          <RepositoryFields value={draft.repository} onChange={(repository) => change({ repository })} />
        )}
        <Attachments
          files={draft.files}
          uploading={attachments.uploading}
          onRemove={({ id }) => change({ files: draft.files.filter((file) => file.id !== id) })}
        />
        <Textarea
          ref={input}
          aria-label={t('composer.question')}
          placeholder={t(isRunning ? 'composer.followUp' : 'composer.placeholder')}
          variant="unstyled"
          autosize
          minRows={1}
          maxRows={10}
          className={classes['text']}
          value={draft.text}
          dir="auto"
          onChange={({ target }) => change({ text: target.value })}
          {...keys}
        />
        <div className={classes['row']}>
          <TeamPicker teams={teams} team={team ?? null} onChange={onTeam} />
          {team && !isDify(team) && <ModelPicker value={draft.modelId} onChange={(modelId) => change({ modelId })} />}
          <span className={classes['space']} />
          {attachments.canAttach && <AttachButton onFiles={attachments.add} />}
          <SendButtons submit={submit} />
        </div>
      </form>
    </div>
  );
});

/** Send; while an answer comes, stop, and a question is queued. */
function SendButtons({ submit }: { submit: Submit }) {
  const { t } = useTranslation('chat');
  const { isRunning, phase, stop } = useAnswerStatus();
  const isStopping = phase === 'stopping';
  const hasText = submit.draft.text.trim() !== '';

  return (
    <>
      {(!isRunning || hasText) && (
        <ActionIcon
          type="submit"
          size="lg"
          radius="xl"
          variant={isRunning ? 'default' : 'filled'}
          aria-label={t(isRunning ? 'composer.queue' : 'composer.send')}
          title={t(isRunning ? 'composer.queue' : 'composer.send')}
          loading={submit.isSending}
          disabled={!submit.canSend}
        >
          <IconArrowUp size={16} stroke={2} />
        </ActionIcon>
      )}
      {isRunning && (
        <ActionIcon
          size="lg"
          radius="xl"
          aria-label={t(isStopping ? 'state.stopping' : 'composer.stop')}
          title={t('composer.stop')}
          loading={isStopping}
          onClick={() => void stop()}
        >
          <IconPlayerStopFilled size={16} />
        </ActionIcon>
      )}
    </>
  );
}

/** Why a question was not taken, or is too long. */
function SendProblem({ submit }: { submit: Submit }) {
  const { t } = useTranslation('chat');
  const { over, problem, formError } = submit;
  const requestId = problem instanceof ApiProblem ? problem.requestId : null;
  if (over > 0) {
    return (
      <p className={classes['problem']} role="alert">
        {t('composer.tooLong', { count: over, number: formatNumber(over) })}
      </p>
    );
  }
  if (problem) {
    return (
      <div className={classes['problem']} role="alert">
        <span>
          {problem.message}
          {requestId && <small>{t('composer.request', { id: requestId })}</small>}
        </span>
        <Button variant="subtle" size="compact-xs" onClick={() => void submit.submit()}>
          {t('actions.retry')}
        </Button>
        <Button variant="subtle" color="gray" size="compact-xs" onClick={submit.clearProblem}>
          {t('close')}
        </Button>
      </div>
    );
  }

  return formError ? <p className={classes['problem']}>{formError.message}</p> : null;
}

/** Files that are dropped on the composer, or pasted. */
function useFileDrop({ canAttach, add }: ReturnType<typeof useAttachments>) {
  const [isOver, setOver] = useState(false);
  const depth = useRef(0);
  const enter = (change: number) => {
    depth.current += change;
    setOver(depth.current > 0);
  };
  if (!canAttach) return { isOver: false, handlers: {} };

  return {
    isOver,
    handlers: {
      onDragEnter: () => enter(1),
      onDragLeave: () => enter(-1),
      onDragOver: (event: DragEvent) => event.preventDefault(),
      onDrop: (event: DragEvent) => {
        event.preventDefault();
        enter(-depth.current);
        add([...event.dataTransfer.files]);
      },
      onPaste: (event: ClipboardEvent) => {
        const files = [...event.clipboardData.files];
        if (files.length === 0) return;
        event.preventDefault();
        add(files);
      },
    },
  };
}
