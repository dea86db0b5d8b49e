import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Bot, botsQuery, isPublic, type Team, teamsQuery } from '../../api/catalog';
import { FirstStep } from '../../ui/page/first-step';
import { Loaded } from '../../ui/page/loaded';
import { Place, Section } from '../../ui/page/place';
import { usePageSearch } from '../../ui/page/use-page-search';
import { BotTable } from './bot-table';
import { DeleteBotDialog } from './delete-bot-dialog';
import { DeleteTeamDialog } from './delete-team-dialog';
import { TeamCards } from './team-cards';

const NewTeamDialog = lazy(async () => ({ default: (await import('./new-team-dialog')).NewTeamDialog }));
const TeamDialog = lazy(async () => ({ default: (await import('./team-dialog')).TeamDialog }));
const BotDialog = lazy(async () => ({ default: (await import('./bot-dialog')).BotDialog }));

/** Who answers: teams, and the bots they are made of. */
export function TeamsPage() {
  const { t } = useTranslation('teams');
  const teams = useQuery(teamsQuery);
  const { setOpen } = usePageSearch();
  const [removed, setRemoved] = useState<Team | null>(null);
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen('new')}>
      {t('add')}
    </Button>
  );

  return (
    <Place title={t('title')} description={t('description')} actions={add}>
      <Loaded query={teams}>
        {(all) => {
          const own = all.filter((team) => !isPublic(team));
          const shared = all.filter(isPublic);

          return (
            <>
              {own.length > 0 ? (
                <TeamCards label={t('own')} teams={own} onEdit={setOpen} onDelete={setRemoved} />
              ) : (
                <FirstStep title={t('none')} text={t('noneText')} action={add} />
              )}
              {shared.length > 0 && (
                <Section title={t('public')}>
                  <TeamCards label={t('public')} teams={shared} />
                </Section>
              )}
            </>
          );
        }}
      </Loaded>
      <Bots />
      <DeleteTeamDialog team={removed} onClose={() => setRemoved(null)} />
      <TeamDialogs teams={teams.data ?? []} />
    </Place>
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
