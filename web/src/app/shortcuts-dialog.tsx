import { Kbd, Modal, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { COMMAND_KEY } from './use-shortcuts';

const SHORTCUTS = [
  { name: 'palette', keys: [COMMAND_KEY, 'K'] },
  { name: 'newChat', keys: [COMMAND_KEY, 'Shift', 'O'] },
  { name: 'send', keys: ['Enter'] },
  { name: 'newLine', keys: ['Shift', 'Enter'] },
  { name: 'stop', keys: ['Esc'] },
  { name: 'editLast', keys: ['↑'] },
  { name: 'move', keys: ['↑', '↓'] },
  { name: 'rename', keys: ['F2'] },
  { name: 'delete', keys: ['Del'] },
  { name: 'help', keys: ['?'] },
] as const;

/** All keys that do something. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('layout');

  return (
    <Modal opened onClose={onClose} title={t('shortcuts.title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <Table verticalSpacing="xs">
        <Table.Tbody>
          {SHORTCUTS.map(({ name, keys }) => (
            <Table.Tr key={name}>
              <Table.Td>{t(`shortcuts.${name}`)}</Table.Td>
              <Table.Td ta="right">
                {keys.map((key) => (
                  <Kbd key={key} ml="xs">
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
