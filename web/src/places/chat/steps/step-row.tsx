import {
  IconAlertCircle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconHourglass,
  IconRefresh,
} from '@tabler/icons-react';
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

/** One step with its parts. */
export function StepRow({ node, longestMs }: { node: StepNode; longestMs: number }) {
  const { step, children } = node;

  return (
    <li>
      <StepLine step={step} longestMs={longestMs} />
      {step.error && <p className={classes['error']}>{step.error}</p>}
      <StepDetail detail={step.detail} />
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

function StepLine({ step, longestMs }: { step: AnswerStep; longestMs: number }) {
  const { t } = useTranslation('chat');
  const { status, title, node_type: type, elapsed_ms: ms, tokens, index } = step;
  const Icon = ICONS[status];
  const isRound = step.kind === 'iteration' || step.kind === 'loop';

  return (
    <div className={classes['line']}>
      <Icon
        size={16}
        stroke={1.6}
        className={classes['icon']}
        data-status={status}
        aria-label={t(`steps.status.${status}`)}
      />
      <span className={classes['title']}>
        {title}
        {isRound && index !== undefined && ` ${formatNumber(index + 1)}`}
        {type && type !== title.toLowerCase() && <small>{type}</small>}
      </span>
      {tokens !== undefined && tokens > 0 && (
        <span className={classes['fact']}>{t('steps.tokens', { count: tokens, number: formatNumber(tokens) })}</span>
      )}
      {ms !== undefined && (
        <span className={classes['fact']}>
          <span className={classes['bar']} aria-hidden>
            <span style={{ width: `${longestMs > 0 ? Math.max(2, (ms / longestMs) * 100) : 0}%` }} />
          </span>
          {formatDuration(ms)}
        </span>
      )}
    </div>
  );
}

function StepDetail({ detail }: { detail: AnswerStep['detail'] }) {
  const { t } = useTranslation('chat');
  const entries = Object.entries(detail ?? {}).filter(([, text]) => text !== '');
  if (entries.length === 0) return null;

  return (
    <details className={classes['detail']}>
      <summary>{t('steps.detail')}</summary>
      <dl>
        {entries.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
