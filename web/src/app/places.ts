import {
  IconBox,
  IconCpu,
  IconListCheck,
  IconMessageCircle,
  IconSettings,
  IconShieldCog,
  IconUsersGroup,
} from '@tabler/icons-react';

/** The places of the page, in the order of the rail. */
export const PLACES = [
  { to: '/', name: 'chat', Icon: IconMessageCircle },
  { to: '/tasks', name: 'tasks', Icon: IconListCheck },
  { to: '/teams', name: 'teams', Icon: IconUsersGroup },
  { to: '/models', name: 'models', Icon: IconCpu },
  { to: '/shells', name: 'shells', Icon: IconBox },
  { to: '/admin', name: 'admin', Icon: IconShieldCog },
  { to: '/settings', name: 'settings', Icon: IconSettings },
] as const;

export type Place = (typeof PLACES)[number];

/** The places that a reader may open. */
export const placesFor = (isAdmin: boolean): readonly Place[] =>
  PLACES.filter(({ name }) => name !== 'admin' || isAdmin);

/** The place that shows a path. */
export function placeAt(path: string): Place['name'] {
  return PLACES.find(({ to }) => to !== '/' && path.startsWith(to))?.name ?? 'chat';
}
