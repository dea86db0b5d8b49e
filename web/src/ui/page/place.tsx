import { Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './place.module.css';

interface Props {
  title: string;
  /** One sentence that says what the place is for. */
  description?: ReactNode;
  actions?: ReactNode;
  /** Forms and sentences: no wider than text is read well. */
  isNarrow?: boolean;
  children: ReactNode;
}

/** The frame of a place beside the chat: its heading, its actions, its content. */
export function Place({ title, description, actions, isNarrow = false, children }: Props) {
  return (
    <div className={isNarrow ? `${styles.place} ${styles.narrow}` : styles.place}>
      <Group component="header" justify="space-between" align="flex-start" gap="md" mb="lg">
        <div className={styles.heading}>
          <Title order={1} fz="lg">
            {title}
          </Title>
          {description !== undefined && (
            <Text c="var(--text-soft)" mt={4}>
              {description}
            </Text>
          )}
        </div>
        {actions !== undefined && <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </div>
  );
}

/** A part of a place with a heading of its own. */
export function Section({ title, actions, children }: Omit<Props, 'description' | 'isNarrow'>) {
  return (
    <section className={styles.section} aria-label={title}>
      <Group justify="space-between" mb="sm">
        <Title order={2} fz="md">
          {title}
        </Title>
        {actions}
      </Group>
      {children}
    </section>
  );
}
