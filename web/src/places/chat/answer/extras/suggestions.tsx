import { Button } from '@mantine/core';
import { IconCornerDownRight } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './extras.module.css';

/** What may be asked next. */
export function Suggestions({ questions, onAsk }: { questions: readonly string[]; onAsk: (text: string) => void }) {
  const { t } = useTranslation('chat');

  return (
    <ul className={classes['suggestions']} aria-label={t('suggestions')}>
      {questions.map((question) => (
        <li key={question}>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconCornerDownRight size={14} stroke={1.6} aria-hidden />}
            onClick={() => onAsk(question)}
          >
            {question}
          </Button>
        </li>
      ))}
    </ul>
  );
}
