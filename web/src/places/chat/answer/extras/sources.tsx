import { Collapse, UnstyledButton } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnswerSource } from '../../../../stream/answer/answer-state';
import { formatNumber } from '../../../../ui/format';
import { safeLink } from '../../markdown/text/safe-links';
import classes from './extras.module.css';

/** What an answer rests on: numbered chips, each opens its card. */
export function Sources({ sources }: { sources: readonly AnswerSource[] }) {
  const { t } = useTranslation('chat');
  const [opened, setOpened] = useState<number | null>(null);
  const id = useId();
  const source = opened === null ? undefined : sources[opened];

  return (
    <section aria-label={t('sources.label')}>
      <ul className={classes['chips']}>
        {sources.map(({ title, position }, index) => (
          <li key={index}>
            <UnstyledButton
              className={classes['chip']}
              aria-expanded={opened === index}
              aria-controls={id}
              onClick={() => setOpened(opened === index ? null : index)}
            >
              <span className={classes['number']}>{formatNumber(position ?? index + 1)}</span>
              <span className={classes['chipText']}>{title}</span>
            </UnstyledButton>
          </li>
        ))}
      </ul>
      <Collapse id={id} expanded={source !== undefined} transitionDuration={150}>
        {source && <SourceCard source={source} />}
      </Collapse>
    </section>
  );
}

function SourceCard({ source }: { source: AnswerSource }) {
  const { t } = useTranslation('chat');
  const address = safeLink(source.url);
  const facts = [
    source.dataset,
    source.document,
    source.score === undefined
      ? undefined
      : t('sources.score', { score: formatNumber(source.score, { style: 'percent' }) }),
  ].filter((fact) => fact !== undefined);

  return (
    <div className={classes['card']}>
      <strong>{source.title}</strong>
      {facts.length > 0 && <p className={classes['facts']}>{facts.join(' · ')}</p>}
      {source.content && <p className={classes['passage']}>{source.content}</p>}
      {address && (
        <a href={address} target="_blank" rel="noopener noreferrer">
          {new URL(address).host || address} <IconExternalLink size={14} stroke={1.6} aria-hidden />
        </a>
      )}
    </div>
  );
}
