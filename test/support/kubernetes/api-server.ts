import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { stringify } from 'yaml';
import { AccessRules, type WantedRight } from './access-rules.js';
import { ChannelSockets } from './channel-sockets.js';
import { StatusError } from './cluster-objects.js';
import { ClusterState, NAMESPACE } from './cluster-state.js';
import { schemaProblems } from './object-check.js';
import { selectorProblems } from './syntax-check.js';

const TOKEN = 'token-of-the-service-account';
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const OBJECT = new RegExp(
  `^/api/v1/namespaces/${NAMESPACE}/(pods|persistentvolumeclaims)(?:/([a-z0-9.-]+))?(?:/(attach|exec))?$`,
);
const VERBS: Record<string, string> = { POST: 'create', DELETE: 'delete' };
/** Query parameters that the manager uses. */
const PARAMETERS = [
  'labelSelector',
  'limit',
  'gracePeriodSeconds',
  'container',
  'command',
  'stdin',
  'stdout',
  'stderr',
];

/** Stands in for the API server of a cluster with one node. It checks requests as the real one does, and keeps what was wrong. */
export class ClusterServer extends ClusterState {
  readonly access = new AccessRules(resolve('deploy/kubernetes/role.yaml'));
  /** Connections are cut as long as this is set. */
  isAway = false;
  readonly problems: string[] = [];
  private readonly sockets = new ChannelSockets();

  private constructor(private readonly server: Server) {
    super();
    server.on('request', (request, reply) => void this.serve(request, reply));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.upgrade(request, socket, head),
    );
  }

  static async start(): Promise<ClusterServer> {
    const server = createServer();
    const cluster = new ClusterServer(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));

    return cluster;
  }

  /** A file for KUBECONFIG. */
  kubeconfig(token = TOKEN): string {
    const file = join(this.files.path, `kubeconfig-${token}`);
    const server = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const context = { cluster: 'stand-in', user: 'manager', namespace: NAMESPACE };
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'stand-in' },
      // Without it the client library refuses plain HTTP.
      clusters: [{ name: 'stand-in', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'manager', user: { token } }],
      contexts: [{ name: 'stand-in', context }],
    };
    writeFileSync(file, stringify(config));

    return file;
  }

  /** Everything that was wrong with a request. */
  get violations(): string[] {
    return [...this.problems, ...this.pods.problems, ...this.claims.problems];
  }

  async close(): Promise<void> {
    this.sockets.close();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
    await this.end();
  }

  private async serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    if (this.isAway) return void request.socket.destroy();
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    let status = 200;
    let body: object;
    try {
      body = this.answer(request, Buffer.concat(chunks).toString('utf8'));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      status = error.code;
      body = statusOf(error);
    }
    reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private answer(request: IncomingMessage, text: string): object {
    const url = this.identified(request);
    if (url.pathname === '/version') return { major: '1', minor: '34', platform: 'linux/amd64' };
    if (url.pathname === REVIEWS) return this.review(JSON.parse(text));
    const { kind, name, right } = this.target(url, VERBS[request.method ?? ''] ?? 'get');
    const store = kind === 'pods' ? this.pods : this.claims;
    if (right.verb === 'create') return this.created(kind, JSON.parse(text));
    if (right.verb === 'delete') return this.deleted(kind, name, url.searchParams.get('gracePeriodSeconds'));
    if (name !== '') return store.read(name);
    const selector = url.searchParams.get('labelSelector') ?? '';
    this.problems.push(...(selector === '' ? [] : selectorProblems(selector)));

    return { apiVersion: 'v1', kind: 'List', metadata: {}, items: store.list(selector) };
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      if (this.isAway) return void socket.destroy();
      const url = this.identified(request);
      const { name, action, right } = this.target(url, 'get');
      this.allow({ ...right, verb: 'create' });
      const pod = this.pods.read(name);
      const process = this.kubelet.process(pod);
      if (!process) throw new StatusError(400, 'BadRequest', 'the container is not running');
      if (action === 'exec')
        this.sockets.exec(this.kubelet.image(pod), url.searchParams.getAll('command'), request, socket, head);
      else this.sockets.attach(process, request, socket, head);
    } catch (error) {
      socket.end(`HTTP/1.1 ${error instanceof StatusError ? error.code : 500} Refused\r\n\r\n`);
    }
  }

  /** @throws StatusError for a wrong token */
  private identified({ headers, url = '' }: IncomingMessage): URL {
    if (headers.authorization !== `Bearer ${TOKEN}`) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    const parsed = new URL(url, 'http://cluster');
    const strange = [...parsed.searchParams.keys()].filter((name) => !PARAMETERS.includes(name));
    this.problems.push(...strange.map((name) => `${parsed.pathname}: unknown parameter ${name}`));

    return parsed;
  }

  private target(url: URL, verb: string) {
    const [, kind, name = '', action] = OBJECT.exec(url.pathname) ?? [];
    if (kind === undefined) throw new StatusError(404, 'NotFound', `no ${url.pathname}`);
    const resource = action === undefined ? kind : `${kind}/${action}`;
    const right = { verb: verb === 'get' && name === '' ? 'list' : verb, resource, group: '' };
    this.allow(right);

    return { kind, name, action, right };
  }

  private allow(right: WantedRight): void {
    const refusal = this.access.refusal(right, NAMESPACE);
    if (refusal !== null) throw new StatusError(403, 'Forbidden', refusal);
  }

  private review(body: unknown): object {
    this.problems.push(...schemaProblems(body, 'V1SelfSubjectAccessReview'));
    const { resourceAttributes } = (body as { spec: { resourceAttributes: Record<string, string> } }).spec;
    const { verb = '', resource = '', subresource, group = '' } = resourceAttributes;
    const full = subresource === undefined ? resource : `${resource}/${subresource}`;

    return { ...(body as object), status: { allowed: this.access.allows({ verb, resource: full, group }) } };
  }
}

function statusOf({ code, reason, message }: StatusError): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}
