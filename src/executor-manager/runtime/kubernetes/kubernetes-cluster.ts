import {
  AuthorizationV1Api,
  CoreV1Api,
  KubeConfig,
  type V1PersistentVolumeClaim,
  type V1Pod,
  VersionApi,
} from '@kubernetes/client-node';
import { existsSync } from 'node:fs';
import WebSocket from 'ws';
import { type AppConfig, ConfigError } from '../../../config/app-config.js';
import { type ChannelWish, Cluster, type Right } from './cluster.js';
import { clusterCall, unlessStatus } from './cluster-errors.js';
import { PodChannel } from './pods/pod-channel.js';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token';
/** Newest first. Version 5 can close the input, which is not done here; its frames are those of version 4. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const CONNECT_MS = 30_000;

/** The API server of KUBECONFIG, or of the cluster that this process runs in. */
export class KubernetesCluster extends Cluster {
  readonly namespace: string;
  private readonly core: CoreV1Api;
  private knownPlatform: string | undefined;

  private constructor(
    private readonly kubeConfig: KubeConfig,
    namespace: string | undefined,
  ) {
    super();
    this.core = kubeConfig.makeApiClient(CoreV1Api);
    const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
    this.namespace = namespace ?? (context?.namespace?.trim() || 'default');
  }

  /** @throws ConfigError when there are neither a file nor a service account, or the file is none */
  static open({ manager: { kubernetes } }: AppConfig): KubernetesCluster {
    const kubeConfig = new KubeConfig();
    if (kubernetes.kubeconfig !== undefined) loadFile(kubeConfig, kubernetes.kubeconfig);
    else if (existsSync(SERVICE_ACCOUNT)) kubeConfig.loadFromCluster();
    else throw new ConfigError(['EXECUTOR_RUNTIME=kubernetes needs KUBECONFIG, or the service account of a pod']);

    return new KubernetesCluster(kubeConfig, kubernetes.namespace);
  }

  async ping(): Promise<void> {
    await clusterCall(this.core.listNamespacedPod({ namespace: this.namespace, limit: 1 }));
  }

  async platform(): Promise<string> {
    this.knownPlatform ??= (await clusterCall(this.kubeConfig.makeApiClient(VersionApi).getCode())).platform;

    return this.knownPlatform;
  }

  async mayDo(right: Right): Promise<boolean> {
    const review = {
      ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' },
      spec: { resourceAttributes: { namespace: this.namespace, ...right } },
    };
    const api = this.kubeConfig.makeApiClient(AuthorizationV1Api);
    const { status } = await clusterCall(api.createSelfSubjectAccessReview({ body: review }));

    return status?.allowed === true;
  }

  async createPod(body: V1Pod): Promise<void> {
    await clusterCall(this.core.createNamespacedPod({ namespace: this.namespace, body }));
  }

  readPod(name: string): Promise<V1Pod | null> {
    return unlessStatus(404, this.core.readNamespacedPod({ namespace: this.namespace, name }));
  }

  async listPods(labelSelector: string): Promise<V1Pod[]> {
    const { items } = await clusterCall(this.core.listNamespacedPod({ namespace: this.namespace, labelSelector }));

    return items;
  }

  async deletePod(name: string, gracePeriodSeconds: number): Promise<void> {
    await unlessStatus(404, this.core.deleteNamespacedPod({ namespace: this.namespace, name, gracePeriodSeconds }));
  }

  async connect(
    pod: string,
    container: string,
    wish: ChannelWish,
    onOutput: (part: Buffer) => void,
  ): Promise<PodChannel> {
    const server = this.kubeConfig.getCurrentCluster()?.server ?? '';
    const url = new URL(`${server.replace(/^http/, 'ws').replace(/\/+$/, '')}/${this.pathOf(pod, wish.kind)}`);
    url.search = queryOf(container, wish).toString();
    const options: WebSocket.ClientOptions = { handshakeTimeout: CONNECT_MS };
    await clusterCall(this.kubeConfig.applyToHTTPSOptions(options));
    const socket = new WebSocket(url, PROTOCOLS, options);
    const channel = new PodChannel(socket, onOutput);
    await clusterCall(
      new Promise<void>((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', reject);
      }),
    );

    return channel;
  }

  async createClaim(body: V1PersistentVolumeClaim): Promise<void> {
    const { namespace } = this;
    await unlessStatus(409, this.core.createNamespacedPersistentVolumeClaim({ namespace, body }));
  }

  readClaim(name: string): Promise<V1PersistentVolumeClaim | null> {
    return unlessStatus(404, this.core.readNamespacedPersistentVolumeClaim({ namespace: this.namespace, name }));
  }

  async listClaims(labelSelector: string): Promise<V1PersistentVolumeClaim[]> {
    const { namespace } = this;
    const { items } = await clusterCall(this.core.listNamespacedPersistentVolumeClaim({ namespace, labelSelector }));

    return items;
  }

  async deleteClaim(name: string): Promise<void> {
    await unlessStatus(404, this.core.deleteNamespacedPersistentVolumeClaim({ namespace: this.namespace, name }));
  }

  private pathOf(pod: string, action: string): string {
    return `api/v1/namespaces/${this.namespace}/pods/${encodeURIComponent(pod)}/${action}`;
  }
}

function loadFile(kubeConfig: KubeConfig, file: string): void {
  try {
    kubeConfig.loadFromFile(file);
  } catch (error) {
    throw new ConfigError([`KUBECONFIG cannot be read: ${(error as Error).message}`]);
  }
  if (!kubeConfig.getCurrentCluster()) throw new ConfigError(['KUBECONFIG has no cluster for its current context']);
}

function queryOf(container: string, wish: ChannelWish): URLSearchParams {
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' });
  if (wish.kind === 'attach') query.set('stdin', 'true');
  else for (const part of wish.command) query.append('command', part);

  return query;
}
