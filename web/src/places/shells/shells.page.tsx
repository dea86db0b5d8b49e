import { Title } from '@mantine/core';

export function ShellsPage() {
  return <Title order={1}>Shells</Title>;
}
