import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { closeServer, listen, sendJson } from '../../tools/shared/http.js';

export interface StandInRepository {
  id: number;
  /** With its owner or groups. */
  path: string;
  isPrivate?: boolean;
  branches?: string[];
}

type Query = URLSearchParams;
type Reply = { status: number; body: unknown; headers?: Record<string, string> };

type Kind = 'github' | 'gitlab' | 'gitea';
const PREFIXES: Partial<Record<string, Kind>> = { '/api/v3': 'github', '/api/v4': 'gitlab', '/api/v1': 'gitea' };

/** What a token is sent as, by kind. */
const SCHEMES: Record<Kind, string> = { github: 'Bearer', gitlab: 'Bearer', gitea: 'token' };
/** Servers of Gitea cut larger pages. */
const LARGEST_PAGE: Record<Kind, number> = { github: 100, gitlab: 100, gitea: 50 };

/** Speaks the APIs of GitHub Enterprise, GitLab and Gitea on one port, in the shapes of their documentation. */
export class GitServer {
  readonly tokens = new Set<string>();
  /** Method, path and query of each request, without tokens. */
  readonly requests: string[] = [];
  repositories: StandInRepository[] = [];
  /** Sent in place of the next replies. */
  readonly next: Reply[] = [];
  /** A request that is not answered. */
  isSilent = false;

  private constructor(
    private readonly server: Server,
    /** `host:port`. */
    readonly domain: string,
  ) {}

  static async start(): Promise<GitServer> {
    const server = createServer();
    const port = await listen(server, 0, '127.0.0.1');
    const git = new GitServer(server, `127.0.0.1:${port}`);
    server.on('request', (request, response) => git.answer(request, response));

    return git;
  }

  stop(): Promise<void> {
    return closeServer(this.server);
  }

  private answer({ method = '', url = '', headers }: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${method} ${url}`);
    if (this.isSilent) return;
    const { pathname, searchParams } = new URL(url, 'http://git');
    const reply = this.next.shift() ?? this.replyOf(pathname, searchParams, headers.authorization ?? '');
    for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
    if (typeof reply.body === 'string') response.writeHead(reply.status).end(reply.body);
    else sendJson(response, reply.status, reply.body);
  }

  private replyOf(path: string, query: Query, authorization: string): Reply {
    const kind = PREFIXES[path.slice(0, 7)];
    if (kind === undefined) return { status: 404, body: { message: 'Not Found' } };
    const [scheme, token = ''] = authorization.split(' ');
    if (scheme !== SCHEMES[kind] || !this.tokens.has(token)) {
      return { status: 401, body: { message: kind === 'github' ? 'Bad credentials' : '401 Unauthorized' } };
    }

    return this.resource(kind, path.slice(7), query);
  }

  private resource(kind: Kind, path: string, query: Query): Reply {
    if (path === '/user') return { status: 200, body: USERS[kind] };
    if (path === (kind === 'gitlab' ? '/projects' : '/user/repos')) {
      const wanted = (query.get('search') ?? '').toLowerCase();
      const found = this.repositories.filter((repository) => repository.path.toLowerCase().includes(wanted));

      return paged(
        kind,
        query,
        found.map((repository) => this.repositoryOf(kind, repository)),
      );
    }
    const match =
      kind === 'gitlab' ? /^\/projects\/([^/]+)(\/repository\/branches)?$/ : /^\/repos\/([^/]+\/[^/]+)(\/branches)?$/;
    const [, name = '', branches] = match.exec(path) ?? [];
    const repository = this.repositories.find(({ path: known }) => known === decodeURIComponent(name));
    if (!repository)
      return { status: 404, body: { message: kind === 'gitlab' ? '404 Project Not Found' : 'Not Found' } };
    if (!branches) return { status: 200, body: this.repositoryOf(kind, repository) };
    const list = (repository.branches ?? ['main']).map((branch) => ({ name: branch, protected: branch === 'main' }));

    return paged(kind, query, list);
  }

  private repositoryOf(kind: Kind, { id, path, isPrivate = false }: StandInRepository): object {
    const name = path.split('/').at(-1);
    const url = `http://${this.domain}/${path}.git`;
    if (kind !== 'gitlab') {
      return { id, name, full_name: path, clone_url: url, private: isPrivate, default_branch: 'main' };
    }
    const visibility = isPrivate ? 'private' : 'public';

    return { id, name, path_with_namespace: path, http_url_to_repo: url, visibility, default_branch: 'main' };
  }
}

const USERS: Record<Kind, object> = {
  github: { id: 12, login: 'ann', name: 'Ann', email: null },
  gitlab: { id: 34, username: 'ann.lab', name: 'Ann', email: 'ann@lab.example', commit_email: 'commits@lab.example' },
  gitea: { id: 56, login: 'ann-tea', full_name: '', email: 'ann@tea.example' },
};

function paged(kind: Kind, query: Query, all: object[]): Reply {
  const page = Number(query.get('page') ?? 1);
  const size = Math.min(Number(query.get(kind === 'gitea' ? 'limit' : 'per_page') ?? 20), LARGEST_PAGE[kind]);
  const isLast = page * size >= all.length;
  const headers: Record<string, string> = {};
  if (kind === 'gitlab') headers['x-next-page'] = isLast ? '' : String(page + 1);
  else if (!isLast) headers['link'] = `<http://elsewhere.example/next?page=${page + 1}>; rel="next"`;

  return { status: 200, body: all.slice((page - 1) * size, page * size), headers };
}
