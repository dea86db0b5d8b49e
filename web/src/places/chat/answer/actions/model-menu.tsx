import { Menu } from '@mantine/core';
import type { ReactNode } from 'react';
import { useModels } from '../../data/use-teams';

interface Props {
  onModel: (name: string) => void;
  /** The button that opens it. */
  children: ReactNode;
}

/** The models that a question may be asked again with. */
export function ModelMenu({ onModel, children }: Props) {
  const { data: models = [] } = useModels();

  return (
    <Menu position="top-start" returnFocus>
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
        {models.map(({ name, displayName }) => (
          <Menu.Item key={name} onClick={() => onModel(name)}>
            {displayName ?? name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
