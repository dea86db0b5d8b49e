import { CopyButton, Button, Group, Typography } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import Markdown from 'react-markdown';
import rehypeSanitize from 'rehype-sanitize';
import remarkGfm from 'remark-gfm';

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
      <Typography maw={720}>
        <Markdown remarkPlugins={[[remarkGfm, { singleTilde: false }]]} rehypePlugins={[rehypeSanitize]}>
          {text}
        </Markdown>
      </Typography>
    </>
  );
}
