import { useMantineColorScheme } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMe } from '../../api/me';
import { api, bodyOf } from '../../api/client';
import { listConversations } from '../../api/conversations';
import { LANGUAGES } from '../../i18n/texts';
import { conversationsKey } from '../../stream/query-keys';
import { placesFor } from '../places';

export const SECTIONS = ['conversations', 'actions', 'places', 'teams'] as const;
export type Section = (typeof SECTIONS)[number];

export interface PaletteItem {
  id: string;
  section: Section;
  label: string;
  /** Second line or end of the line. */
  hint?: string | undefined;
  run: () => void;
}

const CONVERSATIONS = 8;
const TEAMS = 50;

export interface PaletteItems {
  items: PaletteItem[];
  /** Whether they are those of the search; the ones of an earlier search are shown while it runs. */
  isCurrent: boolean;
}

/** Everything that the palette can open or do, for what was typed. */
export function usePaletteItems(search: string, onShortcuts: () => void): PaletteItems {
  const conversations = useConversationItems(search);
  const words = search.toLowerCase().split(/\s+/);
  const fixed = [...useActionItems(onShortcuts), ...usePlaceItems(), ...useTeamItems()].filter(({ label }) =>
    words.every((word) => label.toLowerCase().includes(word)),
  );
  const teamsWhenSearched = fixed.filter(({ section }) => section !== 'teams' || search !== '');

  return { items: [...conversations.items, ...teamsWhenSearched], isCurrent: conversations.isCurrent };
}

function useConversationItems(search: string): PaletteItems {
  const navigate = useNavigate();
  const { data, isPending, isPlaceholderData } = useQuery({
    queryKey: [...conversationsKey, 'palette', { search }],
    queryFn: ({ signal }) => listConversations({ search, page: 1, limit: CONVERSATIONS }, signal),
    placeholderData: keepPreviousData,
  });

  const items = (data?.items ?? []).map(({ id, title, match, team_name: team }): PaletteItem => ({
    id: `conversation-${id}`,
    section: 'conversations',
    label: title,
    hint: match ?? team ?? undefined,
    run: () => void navigate({ to: '/chat/$taskId', params: { taskId: String(id) } }),
  }));

  return { items, isCurrent: !isPending && !isPlaceholderData };
}

function useActionItems(onShortcuts: () => void): PaletteItem[] {
  const { t, i18n } = useTranslation('layout');
  const { setColorScheme } = useMantineColorScheme();
  const navigate = useNavigate();
  const action = (id: string, label: string, run: () => void): PaletteItem => ({ id, section: 'actions', label, run });
  const themes = (['light', 'dark', 'auto'] as const).map((theme) =>
    action(theme, t('palette.theme', { theme: t(`user.${theme}`) }), () => setColorScheme(theme)),
  );
  const languages = Object.entries(LANGUAGES).map(([language, name]) =>
    action(language, t('palette.language', { language: name }), () => void i18n.changeLanguage(language)),
  );

  return [
    action('new', t('conversations:new'), () => void navigate({ to: '/' })),
    action('shortcuts', t('shortcuts.title'), onShortcuts),
    ...themes,
    ...languages,
  ];
}

function usePlaceItems(): PaletteItem[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const isAdmin = useMe()?.role === 'admin';

  return placesFor(isAdmin).map(({ to, name }) => ({
    id: `place-${name}`,
    section: 'places',
    label: t(`places.${name}`),
    run: () => void navigate({ to }),
  }));
}

function useTeamItems(): PaletteItem[] {
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: ['teams', 'palette'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/teams', { params: { query: { limit: TEAMS } }, signal })),
  });

  return (data?.items ?? []).map(({ id, name }) => ({
    id: `team-${id}`,
    section: 'teams',
    label: name,
    run: () => void navigate({ to: '/', search: { team: id } }),
  }));
}
