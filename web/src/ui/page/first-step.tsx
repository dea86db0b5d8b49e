import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './first-step.module.css';

/** What stands where nothing is yet: what it is for, and the first step as a button. */
export function FirstStep({ title, text, action }: { title: string; text: string; action?: ReactNode }) {
  return (
    <Stack className={styles.card} align="center" gap="sm">
      <Text fw={600}>{title}</Text>
      <Text c="var(--text-soft)" ta="center" maw={480}>
        {text}
      </Text>
      {action}
    </Stack>
  );
}
