import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { ChatPage } from '../places/chat/chat.page';
import { readPageSearch } from '../ui/page-search';
import { Layout } from './layout';

const root = createRootRoute({ component: Layout, validateSearch: readPageSearch });
const route = <const P extends string>(path: P, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component });

/** The chat loads with the page; each other place when it is first opened. */
const routes = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: ChatPage }),
  createRoute({ getParentRoute: () => root, path: '/chat/$taskId', component: ChatPage }),
  route(
    '/tasks',
    lazyRouteComponent(() => import('../places/tasks/tasks.page'), 'TasksPage'),
  ),
  route(
    '/tasks/$taskId',
    lazyRouteComponent(() => import('../places/tasks/task.page'), 'TaskPage'),
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

export const router = createRouter({ routeTree: routes, defaultPreload: 'intent', scrollRestoration: false });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
