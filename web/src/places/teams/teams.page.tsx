import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Bot, botsQuery, isPublic, type Team, teamsQuery } from '../../api/catalog';
import { CatalogPlace } from '../../ui/page/catalog-place';
import { Section } from '../../ui/page/place';
import { usePageSearch } from '../../ui/page/use-page-search';
import { BotTable } from './bot-table';
import { DeleteBotDialog } from './delete-bot-dialog';
import { DeleteTeamDialog } from './delete-team-dialog';
import { TeamCards } from './team-cards';

const NewTeamDialog = lazy(async () => ({ default: (await import('./new-team-dialog')).NewTeamDialog }));
const TeamDialog = lazy(async () => ({ default: (await import('./team-dialog')).TeamDialog }));
const BotDialog = lazy(async () => ({ default: (await import('./bot-dialog')).BotDialog }));

const isOwn = (team: Team) => !isPublic(team);

/** Who answers: teams, and the bots they are made of. */
export function TeamsPage() {
  const { t } = useTranslation('teams');
  const teams = useQuery(teamsQuery);
  const { setOpen } = usePageSearch();
  const [removed, setRemoved] = useState<Team | null>(null);

  return (
    <CatalogPlace
      title={t('title')}
      description={t('description')}
      addLabel={t('add')}
      query={teams}
      isOwn={isOwn}
      own={(own) => <TeamCards label={t('own')} teams={own} onEdit={setOpen} onDelete={setRemoved} />}
      empty={{ title: t('none'), text: t('noneText') }}
      sharedTitle={t('public')}
      shared={(shared) => <TeamCards label={t('public')} teams={shared} />}
    >
      <Bots />
      <DeleteTeamDialog team={removed} onClose={() => setRemoved(null)} />
      <TeamDialogs teams={teams.data ?? []} />
    </CatalogPlace>
  );
}

function Bots() {
  const { t } = useTranslation('teams');
  const { setOpen } = usePageSearch();
  const [removed, setRemoved] = useState<Bot | null>(null);
  const addBot = (
    <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} onClick={() => setOpen('bot-new')}>
      {t('addBot')}
    </Button>
  );

  return (
    <Section title={t('bots')} actions={addBot}>
      <BotTable onEdit={setOpen} onDelete={setRemoved} />
      <DeleteBotDialog bot={removed} onClose={() => setRemoved(null)} />
    </Section>
  );
}

/** The dialog that the address names: `new`, `team-5`, `bot-new` or `bot-7`. */
function TeamDialogs({ teams }: { teams: readonly Team[] }) {
  const { search, setOpen } = usePageSearch();
  const { data: bots } = useQuery(botsQuery);
  const open = search.open ?? '';
  const close = () => setOpen(undefined);
  const team = teams.find(({ id }) => open === `team-${id}`);
  const bot = bots?.find(({ id }) => open === `bot-${id}`);

  return (
    <Suspense>
      {open === 'new' && <NewTeamDialog onClose={close} />}
      {open === 'bot-new' && <BotDialog bot={null} onClose={close} />}
      {team && <TeamDialog key={team.id} team={team} onClose={close} />}
      {bot && <BotDialog key={bot.id} bot={bot} onClose={close} />}
    </Suspense>
  );
}
