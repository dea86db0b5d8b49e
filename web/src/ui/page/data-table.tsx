import { Group, Pagination, Skeleton, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './data-table.module.css';
import { formatNumber } from '../format';
import loaded from './loaded.module.css';
import { ProblemCard } from '../problems/problem-card';
import { useScrollRegion } from './use-scroll-region';

export interface Column<Row> {
  /** Its heading; empty for the column of the actions. */
  label: string;
  cell: (row: Row) => ReactNode;
  width?: number | string;
  align?: 'left' | 'right';
}

interface Props<Row> {
  /** What the table lists, for screen readers. */
  label: string;
  columns: readonly Column<Row>[];
  query: { data: { items: readonly Row[]; total: number } | undefined; error: unknown; refetch: () => unknown };
  rowKey: (row: Row) => string | number;
  /** Stands in place of the table when it has no rows. */
  empty: ReactNode;
  minWidth?: number;
  pages?: { page: number; limit: number; onPage: (page: number) => void };
}

/** A dense table with a skeleton, a reason when it could not be read, and pages. */
export function DataTable<Row>({ label, columns, query, rowKey, empty, minWidth = 640, pages }: Props<Row>) {
  const { t } = useTranslation('ui');
  const region = useScrollRegion(label);
  const { data, error } = query;
  if (data === undefined && error) return <ProblemCard error={error} onRetry={() => void query.refetch()} />;
  if (data?.items.length === 0) return empty;
  const pageCount = pages && data ? Math.ceil(data.total / pages.limit) : 1;

  return (
    <>
      <Table.ScrollContainer minWidth={minWidth} type="native" {...region}>
        <Table
          className={styles.table}
          aria-label={label}
          aria-busy={data === undefined}
          verticalSpacing={8}
          horizontalSpacing={12}
        >
          <Table.Thead>
            <Table.Tr>
              {columns.map(({ label: heading, width, align }, index) => (
                <Table.Th key={heading || index} w={width} ta={align}>
                  {heading || <span className={styles.hidden}>{t('actions')}</span>}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data ? (
              data.items.map((row) => (
                <Table.Tr key={rowKey(row)}>
                  {columns.map(({ label: heading, cell, align }, index) => (
                    <Table.Td key={heading || index} ta={align}>
                      {cell(row)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))
            ) : (
              <SkeletonRows columns={columns.length} />
            )}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {pages && data && pageCount > 1 && (
        <Group justify="space-between" mt="md">
          <Text fz="xs" c="var(--text-soft)">
            {t('total', { total: formatNumber(data.total), count: data.total })}
          </Text>
          <Pagination
            size="sm"
            total={pageCount}
            value={pages.page}
            onChange={pages.onPage}
            getControlProps={(control) => ({ 'aria-label': t(`pages.${control}`) })}
            getItemProps={(page) => ({ 'aria-label': t('page', { page }) })}
          />
        </Group>
      )}
    </>
  );
}

function SkeletonRows({ columns }: { columns: number }) {
  return [1, 2, 3, 4].map((row) => (
    <Table.Tr key={row} className={loaded['late']}>
      {Array.from({ length: columns }, (_, column) => (
        <Table.Td key={column}>
          <Skeleton h={16} />
        </Table.Td>
      ))}
    </Table.Tr>
  ));
}
