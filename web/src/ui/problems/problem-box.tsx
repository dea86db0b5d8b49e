import type { ReactNode } from 'react';
import styles from './problem-box.module.css';

/** The frame of what went wrong; screen readers announce it. */
export function ProblemBox({ children }: { children: ReactNode }) {
  return (
    <div className={styles.problem} role="alert">
      {children}
    </div>
  );
}
