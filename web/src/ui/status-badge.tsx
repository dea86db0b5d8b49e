import type { ReactNode } from 'react';
import styles from './status-badge.module.css';

export type Tone = 'active' | 'good' | 'bad' | 'waiting' | 'quiet';

/** A state as a word with a dot; the word alone says it all. */
export function StatusBadge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={styles.badge}>
      <span className={styles.dot} data-tone={tone} aria-hidden />
      {children}
    </span>
  );
}
