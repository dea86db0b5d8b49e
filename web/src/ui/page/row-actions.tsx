import { Group } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { IconButton } from '../icon-button';

interface Props {
  labels: { edit: string; remove: string };
  onEdit: () => void;
  onDelete: () => void;
}

/** The buttons at the end of a row of the reader's own. */
export function RowActions({ labels, onEdit, onDelete }: Props) {
  return (
    <Group gap={4} wrap="nowrap">
      <IconButton label={labels.edit} icon={IconPencil} onClick={onEdit} />
      <IconButton label={labels.remove} icon={IconTrash} onClick={onDelete} />
    </Group>
  );
}
