import { Popover } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { AnswerState, AnswerUsage } from '../../../../stream/answer/answer-state';
import { formatCost, formatDuration, formatNumber } from '../../../../ui/format';
import { tokensPerSecond } from '../answer-numbers';
import classes from '../extras/extras.module.css';
import { IconButton } from '../../../../ui/icon-button';

/** What an answer took: tokens, money, time. */
export function UsageInfo({ state }: { state: AnswerState }) {
  const { t } = useTranslation('chat');
  const rows = rowsOf(state);
  if (rows.length === 0) return null;

  return (
    <Popover position="top-start" withArrow trapFocus returnFocus>
      <Popover.Target>
        <IconButton label={t('usage.label')} icon={IconInfoCircle} size="md" />
      </Popover.Target>
      <Popover.Dropdown>
        <dl className={classes['usage']}>
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{t(`usage.${name}`)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Popover.Dropdown>
    </Popover>
  );
}

function rowsOf(state: AnswerState): [string, string][] {
  const { usage, elapsedMs, firstTokenMs } = state;
  const speed = tokensPerSecond(state);
  const rows: [string, string | null][] = [
    ...(usage ? tokenRows(usage) : []),
    ['first', firstTokenMs === null ? null : formatDuration(firstTokenMs)],
    ['elapsed', elapsedMs === null ? null : formatDuration(elapsedMs)],
    ['speed', speed === null ? null : formatNumber(speed, { maximumFractionDigits: 0 })],
  ];

  return rows.filter((row): row is [string, string] => row[1] !== null);
}

function tokenRows(usage: AnswerUsage): [string, string | null][] {
  const some = (value: number | undefined) => (value ? formatNumber(value) : null);

  return [
    ['input', formatNumber(usage.input_tokens)],
    ['cached', some(usage.cached_tokens)],
    ['output', formatNumber(usage.output_tokens)],
    ['reasoning', some(usage.reasoning_tokens)],
    ['cost', usage.cost === undefined ? null : formatCost(usage.cost, usage.currency ?? 'USD')],
  ];
}
