import { Box, Button, CopyButton, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { MarkdownText } from '../../chat/markdown/markdown-text';

/** An answer that has ended, as formatted text. */
export function ResultText({ text }: { text: string }) {
  const { t } = useTranslation('ui');

  return (
    <>
      <Group justify="flex-end">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button variant="subtle" size="compact-sm" onClick={copy}>
              {copied ? t('copied') : t('copy')}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Box maw={720}>
        <MarkdownText text={text} />
      </Box>
    </>
  );
}
