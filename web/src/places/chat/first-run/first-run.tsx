import { UnstyledButton } from '@mantine/core';
import { IconArrowRight, IconFileText, IconPlugConnected, IconRoute, IconUserQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Team } from '../data/use-teams';
import { EXAMPLES, type ExampleName } from './examples';
import classes from './first-run.module.css';

const ICONS: Record<ExampleName, typeof IconFileText> = {
  long: IconFileText,
  steps: IconRoute,
  person: IconUserQuestion,
};

interface Props {
  /** Undefined while they are on their way. */
  teams: readonly Team[] | undefined;
  onExample: (teamName: string, text: string) => void;
}

/** A page without a conversation: three questions that show what it can do, and the way to models of one's own. */
export function FirstRun({ teams, onExample }: Props) {
  const { t } = useTranslation('chat');
  // Without the simulator there is no demo.
  const examples = EXAMPLES.filter(({ team }) => teams?.some(({ name }) => name === team));

  return (
    // All at once: what stands here already would move when the examples come.
    <div className={classes['page']} data-waiting={teams === undefined || undefined}>
      <h1 className={classes['title']}>{t('first.title')}</h1>
      {examples.length > 0 && (
        <ul className={classes['examples']} aria-label={t('first.examples')}>
          {examples.map(({ name, team }) => {
            const Icon = ICONS[name];

            return (
              <li key={name}>
                <UnstyledButton
                  className={classes['example']}
                  onClick={() => onExample(team, t(`first.${name}.prompt`))}
                >
                  <Icon size={16} stroke={1.6} aria-hidden />
                  <span>
                    <strong>{t(`first.${name}.title`)}</strong>
                    <small>{t(`first.${name}.text`)}</small>
                  </span>
                </UnstyledButton>
              </li>
            );
          })}
        </ul>
      )}
      <Link to="/models" className={classes['connect']}>
        <IconPlugConnected size={16} stroke={1.6} aria-hidden />
        <span>
          <strong>{t('first.connect')}</strong>
          <small>{t('first.connectText')}</small>
        </span>
        <IconArrowRight size={16} stroke={1.6} aria-hidden />
      </Link>
    </div>
  );
}
