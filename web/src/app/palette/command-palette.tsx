import { Combobox, type ComboboxStore, Modal, ScrollArea, Text, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useEffectEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './command-palette.module.css';
import { type PaletteItem, SECTIONS, usePaletteItems } from './use-palette-items';

const TYPING_MS = 120;

interface Props {
  onClose: () => void;
  onShortcuts: () => void;
}

/** Opens conversations and places, and does what menus do, by a few letters. */
export function CommandPalette({ onClose, onShortcuts }: Props) {
  const { t } = useTranslation('layout');
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), TYPING_MS);
  const combobox = useCombobox({ opened: true });
  const { items, isCurrent } = usePaletteItems(search, onShortcuts);
  const submit = (id: string) => {
    onClose();
    items.find((item) => item.id === id)?.run();
  };
  const enter = useEnter(combobox, items, isCurrent && text.trim() === search, submit);

  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={560}
      yOffset="12vh"
      attributes={{ content: { 'aria-label': t('palette.title') } }}
      transitionProps={{ duration: 120 }}
    >
      <Combobox store={combobox} onOptionSubmit={submit} withinPortal={false}>
        <Combobox.EventsTarget>
          <TextInput
            data-autofocus
            // At once: what is typed before the trap of the dialog sets the focus would go elsewhere.
            autoFocus
            variant="unstyled"
            size="md"
            px="md"
            py="xs"
            leftSection={<IconSearch size={18} stroke={1.6} aria-hidden />}
            leftSectionWidth={48}
            placeholder={t('palette.hint')}
            aria-label={t('palette.hint')}
            value={text}
            onKeyDown={(event) => {
              if (event.key === 'Escape') onClose();
              enter.onKeyDown(event);
            }}
            onChange={(event) => {
              setText(event.currentTarget.value);
              enter.forget();
            }}
          />
        </Combobox.EventsTarget>
        <ScrollArea.Autosize
          mah="56vh"
          type="auto"
          scrollbarSize={8}
          offsetScrollbars="present"
          className={styles.results}
        >
          <Combobox.Options aria-label={t('palette.title')}>
            {SECTIONS.map((section) => (
              <PaletteSection
                key={section}
                label={t(`palette.${section}`)}
                items={items.filter((item) => item.section === section)}
              />
            ))}
            {items.length === 0 && <Combobox.Empty>{t('palette.nothing')}</Combobox.Empty>}
          </Combobox.Options>
        </ScrollArea.Autosize>
      </Combobox>
    </Modal>
  );
}

/**
 * The first item is selected whenever the items change. Enter before they are those of the text is for the first one that
 * comes then: the ones that are still shown are not meant.
 */
function useEnter(
  { selectFirstOption, resetSelectedOption }: ComboboxStore,
  items: readonly PaletteItem[],
  isCurrent: boolean,
  submit: (id: string) => void,
) {
  const [isAwaited, setAwaited] = useState(false);
  const ids = items.map(({ id }) => id).join();
  useEffect(() => {
    selectFirstOption();
  }, [selectFirstOption, ids]);
  const submitFirst = useEffectEvent(() => {
    const [first] = items;
    if (first) submit(first.id);
  });
  useEffect(() => {
    if (isAwaited && isCurrent) submitFirst();
  }, [isAwaited, isCurrent]);

  return {
    onKeyDown: ({ key, nativeEvent }: KeyboardEvent) => {
      if (key !== 'Enter' || isCurrent || nativeEvent.isComposing) return;
      resetSelectedOption();
      setAwaited(true);
    },
    forget: () => setAwaited(false),
  };
}

function PaletteSection({ label, items }: { label: string; items: readonly PaletteItem[] }) {
  if (items.length === 0) return null;

  return (
    <Combobox.Group label={label}>
      {items.map((item) => (
        <Combobox.Option key={item.id} value={item.id} className={styles.option}>
          <span className={styles.label}>{item.label}</span>
          {item.hint && (
            <Text component="span" size="xs" c="var(--text-soft)" truncate>
              {item.hint}
            </Text>
          )}
        </Combobox.Option>
      ))}
    </Combobox.Group>
  );
}
