import { UnstyledButton } from '@mantine/core';
import {
  IconAlertCircle,
  IconChevronDown,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconHourglass,
  IconRefresh,
} from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnswerStep } from '../../../stream/answer/answer-state';
import { formatDuration, formatNumber } from '../../../ui/format';
import type { StepNode } from './step-tree';
import classes from './steps.module.css';

const ICONS: Record<AnswerStep['status'], typeof IconCircleCheck> = {
  running: IconCircleDashed,
  succeeded: IconCircleCheck,
  failed: IconAlertCircle,
  skipped: IconCircleMinus,
  retrying: IconRefresh,
  paused: IconHourglass,
};

/** One step with its parts. A step with inputs and outputs opens to them. */
export function StepRow({ node, longestMs }: { node: StepNode; longestMs: number }) {
  const { step, children } = node;
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const entries = Object.entries(step.detail ?? {}).filter(([, text]) => text !== '');
  const line = <StepLine step={step} longestMs={longestMs} isOpen={entries.length > 0 ? isOpen : null} />;

  return (
    <li>
      {entries.length > 0 ? (
        <UnstyledButton
          className={classes['line']}
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
        >
          {line}
        </UnstyledButton>
      ) : (
        <div className={classes['line']}>{line}</div>
      )}
      {step.error && <p className={classes['error']}>{step.error}</p>}
      {entries.length > 0 && (
        <div id={id} hidden={!isOpen}>
          {isOpen && <StepDetail entries={entries} />}
        </div>
      )}
      {children.length > 0 && (
        <ul className={classes['steps']}>
          {children.map((child) => (
            <StepRow key={child.step.step_id} node={child} longestMs={longestMs} />
          ))}
        </ul>
      )}
    </li>
  );
}

interface LineProps {
  step: AnswerStep;
  longestMs: number;
  /** Null where there is nothing to open. */
  isOpen: boolean | null;
}

function StepLine({ step, longestMs, isOpen }: LineProps) {
  const { t } = useTranslation('chat');
  const { status, title, node_type: type, index, detail } = step;
  const Icon = ICONS[status];
  const isRound = step.kind === 'iteration' || step.kind === 'loop';

  return (
    <>
      <Icon
        size={16}
        stroke={1.6}
        className={classes['icon']}
        data-status={status}
        aria-label={t(`steps.status.${status}`)}
      />
      <span className={classes['title']}>
        <span>{isRound && index !== undefined ? `${title} ${formatNumber(index + 1)}` : title}</span>
        {type && type !== title.toLowerCase() && <small> {type}</small>}
        {isOpen !== null && (
          <IconChevronDown
            size={14}
            stroke={1.6}
            className={classes['more']}
            data-open={isOpen || undefined}
            aria-hidden
          />
        )}
      </span>
      {step.kind === 'tool' && detail?.['input'] && (
        <span className={classes['call']}>{firstLine(detail['input'])}</span>
      )}
      <StepFacts step={step} longestMs={longestMs} />
    </>
  );
}

function StepFacts({ step, longestMs }: { step: AnswerStep; longestMs: number }) {
  const { t } = useTranslation('chat');
  const { elapsed_ms: ms, tokens = 0 } = step;

  return (
    <>
      {tokens > 0 && (
        <span className={classes['fact']}>{t('steps.tokens', { count: tokens, number: formatNumber(tokens) })}</span>
      )}
      {ms !== undefined && (
        <span className={classes['fact']}>
          <span className={classes['bar']} aria-hidden>
            <span style={{ width: `${longestMs > 0 ? Math.max(2, (ms / longestMs) * 100) : 0}%` }} />
          </span>
          <span className={classes['time']}>{formatDuration(ms)}</span>
        </span>
      )}
    </>
  );
}

const firstLine = (text: string) => text.trimStart().split('\n', 1)[0]?.slice(0, 200);

function StepDetail({ entries }: { entries: readonly (readonly [string, string])[] }) {
  const { t } = useTranslation('chat');

  return (
    <dl className={classes['detail']}>
      {entries.map(([name, text]) => (
        <div key={name}>
          <dt>{t(`steps.names.${name}`, name)}</dt>
          <dd tabIndex={0}>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
