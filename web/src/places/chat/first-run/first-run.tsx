import { UnstyledButton } from '@mantine/core';
import { IconArrowRight, IconFileText, IconRoute, IconUserQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { EXAMPLES, type ExampleName } from './examples';
import classes from './first-run.module.css';

const ICONS: Record<ExampleName, typeof IconFileText> = {
  long: IconFileText,
  steps: IconRoute,
  person: IconUserQuestion,
};

/** A page without a conversation: three questions that show what it can do, and the way to models of one's own. */
export function FirstRun({ onExample }: { onExample: (teamName: string, text: string) => void }) {
  const { t } = useTranslation('chat');

  return (
    <div className={classes['page']}>
      <h1 className={classes['title']}>{t('first.title')}</h1>
      <ul className={classes['examples']} aria-label={t('first.examples')}>
        {EXAMPLES.map(({ name, team, script }) => {
          const Icon = ICONS[name];

          return (
            <li key={name}>
              <UnstyledButton
                className={classes['example']}
                onClick={() => onExample(team, `${t(`first.${name}.prompt`)} ${script}`)}
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
      <Link to="/models" className={classes['connect']}>
        {t('first.connect')} <IconArrowRight size={14} stroke={1.6} aria-hidden />
      </Link>
    </div>
  );
}
