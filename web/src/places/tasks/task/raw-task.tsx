import { Button, Code, CopyButton, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Task } from '../tasks.data';

/** The task as the API returns it. */
export function RawTask({ task }: { task: Task }) {
  const { t } = useTranslation(['tasks', 'ui']);
  const text = JSON.stringify(task, null, 2);

  return (
    <>
      <Group justify="flex-end" mb="sm">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button variant="subtle" size="compact-sm" onClick={copy}>
              {copied ? t('ui:copied') : t('ui:copy')}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Code block tabIndex={0} aria-label={t('tabs.raw')} mah="70vh" style={{ overflow: 'auto' }}>
        {text}
      </Code>
    </>
  );
}
