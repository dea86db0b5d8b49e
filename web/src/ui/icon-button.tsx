import { ActionIcon, type ActionIconProps } from '@mantine/core';
import type { Icon as TablerIcon } from '@tabler/icons-react';
import type { ComponentPropsWithRef } from 'react';

interface Props extends ActionIconProps, Omit<ComponentPropsWithRef<'button'>, keyof ActionIconProps> {
  /** Its name for screen readers, and its tip. */
  label: string;
  icon: TablerIcon;
}

/** A quiet button that shows an icon alone. */
export function IconButton({ label, icon: Icon, ...props }: Props) {
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={label} title={label} {...props}>
      <Icon size={16} stroke={1.6} aria-hidden />
    </ActionIcon>
  );
}
