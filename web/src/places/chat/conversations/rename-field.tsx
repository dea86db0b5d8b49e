import { TextInput } from '@mantine/core';
import { type KeyboardEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

const MAX_LENGTH = 200;
/** Safari sends the Enter that ends a composition after its end. */
const AFTER_COMPOSITION_MS = 100;

interface Props {
  title: string;
  onRename: (title: string) => void;
  onCancel: () => void;
}

/** The title of a conversation as a field: Enter and leaving it save, Esc does not. */
export function RenameField({ title, onRename, onCancel }: Props) {
  const { t } = useTranslation('conversations');
  const [text, setText] = useState(title);
  const composedAt = useRef(-Infinity);
  const save = () => {
    const trimmed = text.trim();
    if (trimmed === '' || trimmed === title) onCancel();
    else onRename(trimmed);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    // Enter that ends the composition of a word is not the end of the title.
    if (event.nativeEvent.isComposing || event.timeStamp - composedAt.current < AFTER_COMPOSITION_MS) return;
    if (event.key === 'Enter') save();
    if (event.key === 'Escape') onCancel();
  };

  return (
    <TextInput
      size="xs"
      autoFocus
      aria-label={t('renameLabel')}
      value={text}
      maxLength={MAX_LENGTH}
      onChange={(event) => setText(event.currentTarget.value)}
      onFocus={(event) => event.currentTarget.select()}
      onCompositionEnd={(event) => {
        composedAt.current = event.timeStamp;
      }}
      onKeyDown={onKeyDown}
      onBlur={save}
    />
  );
}
