import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './setting.module.css';

/** One setting: what it is, what it does, and its control. */
export function Setting({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <div className={styles.setting}>
      <div>
        <Text fw={500}>{label}</Text>
        {hint !== undefined && (
          <Text fz="xs" c="var(--text-soft)">
            {hint}
          </Text>
        )}
      </div>
      {children}
    </div>
  );
}
