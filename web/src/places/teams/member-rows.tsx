import { Button, Group, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { botsQuery } from '../../api/catalog';
import styles from './member-rows.module.css';
import { moved } from './moved';
import type { Member } from './team-parts';
import { IconButton } from '../../ui/icon-button';

interface Props {
  members: readonly Member[];
  /** The order counts: steps of a pipeline. */
  isOrdered: boolean;
  onChange: (members: readonly Member[]) => void;
}

/** The bots of a team, with what each is told in this team. */
export function MemberRows({ members, isOrdered, onChange }: Props) {
  const { t } = useTranslation('teams');
  const { data: bots = [] } = useQuery(botsQuery);
  const choices = bots.map(({ id, name }) => ({ value: String(id), label: name }));
  const change = (index: number, changes: Partial<Member>) =>
    onChange(members.map((member, at) => (at === index ? { ...member, ...changes } : member)));

  return (
    <Stack gap="sm">
      {members.map((member, index) => (
        <div key={index} className={styles.member}>
          <Group gap="sm" wrap="nowrap" align="center">
            {isOrdered && <Text c="var(--text-soft)">{index + 1}.</Text>}
            <Select
              aria-label={t('bot')}
              placeholder={t('chooseBot')}
              data={choices}
              searchable
              allowDeselect={false}
              style={{ flex: 2 }}
              value={member.botId === null ? null : String(member.botId)}
              onChange={(id) => id !== null && change(index, { botId: Number(id) })}
            />
            <TextInput
              aria-label={t('role')}
              placeholder={t('role')}
              style={{ flex: 1 }}
              value={member.role}
              onChange={(event) => change(index, { role: event.currentTarget.value })}
            />
            <Group gap={4} wrap="nowrap">
              <MoveButton
                label={t('moveUp')}
                Icon={IconArrowUp}
                isOff={index === 0}
                onClick={() => onChange(moved(members, index, index - 1))}
              />
              <MoveButton
                label={t('moveDown')}
                Icon={IconArrowDown}
                isOff={index === members.length - 1}
                onClick={() => onChange(moved(members, index, index + 1))}
              />
              <MoveButton
                label={t('removeMember')}
                Icon={IconX}
                isOff={members.length === 1}
                onClick={() => onChange(members.filter((_, at) => at !== index))}
              />
            </Group>
          </Group>
          <Textarea
            aria-label={t('memberPrompt')}
            placeholder={t('memberPrompt')}
            autosize
            minRows={1}
            maxRows={6}
            value={member.prompt}
            onChange={(event) => change(index, { prompt: event.currentTarget.value })}
          />
        </div>
      ))}
      <div>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...members, { botId: null, prompt: '', role: '' }])}
        >
          {t('addMember')}
        </Button>
      </div>
    </Stack>
  );
}

interface MoveProps {
  label: string;
  Icon: typeof IconX;
  isOff: boolean;
  onClick: () => void;
}

function MoveButton({ label, Icon, isOff, onClick }: MoveProps) {
  return <IconButton label={label} icon={Icon} disabled={isOff} onClick={onClick} />;
}
