import { Title } from '@mantine/core';

export function ChatPage() {
  return <Title order={1}>Chat</Title>;
}
