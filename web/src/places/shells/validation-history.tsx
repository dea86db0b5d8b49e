import { Accordion, Code, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client';
import { Loaded } from '../../ui/page/loaded';
import { RelativeTime } from '../../ui/relative-time';
import { StatusBadge, type Tone } from '../../ui/status-badge';
import type { Validation } from './validation-stream';
import { ValidationView } from './validation-view';

const TONES: Record<NonNullable<Validation['outcome']>, Tone> = {
  valid: 'good',
  invalid: 'bad',
  error: 'bad',
  cancelled: 'quiet',
};

/** Earlier validations of a shell, newest first; each opens to its checks. */
export function ValidationHistory({ name }: { name: string }) {
  const { t } = useTranslation('shells');
  const query = useQuery({
    queryKey: ['shells', name, 'validations'],
    queryFn: () =>
      bodyOf(api.GET('/api/shells/{name}/validations', { params: { path: { name }, query: { limit: 20 } } })),
  });

  return (
    <section aria-label={t('history')}>
      <Text fw={500} mb={4}>
        {t('history')}
      </Text>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Text c="var(--text-soft)">{t('noHistory')}</Text>
          ) : (
            <Accordion variant="contained">
              {items.map((validation) => (
                <Accordion.Item key={validation.validationId} value={validation.validationId}>
                  <Accordion.Control>
                    <StatusBadge tone={validation.outcome === null ? 'active' : TONES[validation.outcome]}>
                      <Code>{validation.image}</Code> <RelativeTime time={validation.createdAt} />
                    </StatusBadge>
                  </Accordion.Control>
                  <Accordion.Panel>
                    <ValidationView validation={validation} />
                  </Accordion.Panel>
                </Accordion.Item>
              ))}
            </Accordion>
          )
        }
      </Loaded>
    </section>
  );
}
