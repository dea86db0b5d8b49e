import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { withTexts } from '../i18n/i18n';
import { ChatPage } from '../places/chat/chat.page';
import { readPageSearch } from '../ui/page/page-search';
import { RouteProblem } from '../ui/problems/route-problem';
import { Layout } from './layout';

const root = createRootRoute({ validateSearch: readPageSearch });
const framed = createRoute({ getParentRoute: () => root, id: 'framed', component: Layout });
const route = <const P extends string>(path: P, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => framed, path, component });

/** The chat loads with the page; each other place, with its texts, when it is first opened. */
const places = framed.addChildren([
  createRoute({ getParentRoute: () => framed, path: '/', component: ChatPage }),
  createRoute({ getParentRoute: () => framed, path: '/chat/$taskId', component: ChatPage }),
  route(
    '/tasks',
    lazyRouteComponent(() => withTexts(import('../places/tasks/tasks.page'), 'tasks'), 'TasksPage'),
  ),
  route(
    '/tasks/$taskId',
    lazyRouteComponent(() => withTexts(import('../places/tasks/task/task.page'), 'tasks', 'diagnosis'), 'TaskPage'),
  ),
  route(
    '/teams',
    lazyRouteComponent(() => withTexts(import('../places/teams/teams.page'), 'teams'), 'TeamsPage'),
  ),
  route(
    '/models',
    lazyRouteComponent(() => withTexts(import('../places/models/models.page'), 'models'), 'ModelsPage'),
  ),
  route(
    '/shells',
    lazyRouteComponent(() => withTexts(import('../places/shells/shells.page'), 'shells'), 'ShellsPage'),
  ),
  route(
    '/admin',
    lazyRouteComponent(() => withTexts(import('../places/admin/admin.page'), 'admin'), 'AdminPage'),
  ),
  route(
    '/settings',
    lazyRouteComponent(
      () => withTexts(import('../places/settings/settings.page'), 'settings', 'login'),
      'SettingsPage',
    ),
  ),
]);

/** What a link shows stands alone: there may be no session. */
const shared = createRoute({
  getParentRoute: () => root,
  path: '/shared/$token',
  component: lazyRouteComponent(() => withTexts(import('../places/shared/shared.page'), 'shared'), 'SharedPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([places, shared]),
  defaultPreload: 'intent',
  defaultErrorComponent: RouteProblem,
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
