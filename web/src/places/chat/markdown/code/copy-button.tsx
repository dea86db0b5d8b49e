import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../../../ui/icon-button';

/** Copies a text, and says for a moment that it has. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation('chat');
  const { copied: isCopied, copy } = useClipboard({ timeout: 1500 });

  return (
    <IconButton
      label={isCopied ? t('copied') : label}
      icon={isCopied ? IconCheck : IconCopy}
      size="sm"
      onClick={() => copy(text)}
    />
  );
}
