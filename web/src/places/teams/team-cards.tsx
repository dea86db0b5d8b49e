import { Group, Text } from '@mantine/core';
import { IconMessageCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type Team, teamLabel } from '../../api/catalog';
import type { Schemas } from '../../api/client';
import { ButtonLink } from '../../ui/button-link';
import styles from './team-cards.module.css';
import { RowActions } from '../../ui/page/row-actions';

interface Props {
  label: string;
  teams: readonly Team[];
  onEdit?: (open: string) => void;
  onDelete?: (team: Team) => void;
}

/** Teams as cards: who answers, in which order, by which model and runtime. */
export function TeamCards({ label, teams, onEdit, onDelete }: Props) {
  return (
    <ul className={styles.cards} aria-label={label}>
      {teams.map((team) => (
        <TeamCard key={team.id} team={team} onEdit={onEdit} onDelete={onDelete} />
      ))}
    </ul>
  );
}

function TeamCard({ team, onEdit, onDelete }: { team: Team } & Pick<Props, 'onEdit' | 'onDelete'>) {
  const { t } = useTranslation('teams');
  const label = teamLabel(team);
  const mode = team.workflow.mode ?? 'solo';
  const List = mode === 'pipeline' ? 'ol' : 'ul';

  return (
    <li className={styles.card}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Text fw={600}>{label}</Text>
          <Text fz="xs" c="var(--text-soft)">
            {[label === team.name ? null : team.name, t(`modes.${mode}`, mode)].filter(Boolean).join(' · ')}
          </Text>
        </div>
        {onEdit && onDelete && (
          <RowActions
            labels={{ edit: t('editNamed', { name: label }), remove: t('deleteNamed', { name: label }) }}
            onEdit={() => onEdit(`team-${team.id}`)}
            onDelete={() => onDelete(team)}
          />
        )}
      </Group>
      <List className={styles.members}>
        {team.bots.map(({ bot_id: id, bot }, index) => (
          <li key={`${id} ${index}`}>
            <Member bot={bot} id={id} />
          </li>
        ))}
      </List>
      <ButtonLink
        to="/"
        search={{ team: team.id }}
        variant="default"
        size="xs"
        leftSection={<IconMessageCircle size={14} />}
        aria-label={t('chatWith', { name: label })}
      >
        {t('chat')}
      </ButtonLink>
    </li>
  );
}

function Member({ bot, id }: { bot: Schemas['BotSummaryDto'] | null; id: number }) {
  const { t } = useTranslation('teams');
  if (!bot) return <Text c="red">{t('lostBot', { id })}</Text>;

  return (
    <Text>
      {bot.name}
      <Text span fz="xs" c="var(--text-soft)">
        {' '}
        {[bot.shell_name, bot.model_name].filter(Boolean).join(' · ')}
      </Text>
    </Text>
  );
}
