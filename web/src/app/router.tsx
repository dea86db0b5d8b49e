import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { ChatPage } from '../places/chat/chat.page';
import { readPageSearch } from '../ui/page/page-search';
import { RouteProblem } from '../ui/problems/route-problem';
import { Layout } from './layout';

const root = createRootRoute({ validateSearch: readPageSearch });
const framed = createRoute({ getParentRoute: () => root, id: 'framed', component: Layout });
const route = <const P extends string>(path: P, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => framed, path, component });

/** The chat loads with the page; each other place when it is first opened. */
const places = framed.addChildren([
  createRoute({ getParentRoute: () => framed, path: '/', component: ChatPage }),
  createRoute({ getParentRoute: () => framed, path: '/chat/$taskId', component: ChatPage }),
  route(
    '/tasks',
    lazyRouteComponent(() => import('../places/tasks/tasks.page'), 'TasksPage'),
  ),
  route(
    '/tasks/$taskId',
    lazyRouteComponent(() => import('../places/tasks/task/task.page'), 'TaskPage'),
  ),
  route(
    '/teams',
    lazyRouteComponent(() => import('../places/teams/teams.page'), 'TeamsPage'),
  ),
  route(
    '/models',
    lazyRouteComponent(() => import('../places/models/models.page'), 'ModelsPage'),
  ),
  route(
    '/shells',
    lazyRouteComponent(() => import('../places/shells/shells.page'), 'ShellsPage'),
  ),
  route(
    '/admin',
    lazyRouteComponent(() => import('../places/admin/admin.page'), 'AdminPage'),
  ),
  route(
    '/settings',
    lazyRouteComponent(() => import('../places/settings/settings.page'), 'SettingsPage'),
  ),
]);

/** What a link shows stands alone: there may be no session. */
const shared = createRoute({
  getParentRoute: () => root,
  path: '/shared/$token',
  component: lazyRouteComponent(() => import('../places/shared/shared.page'), 'SharedPage'),
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
