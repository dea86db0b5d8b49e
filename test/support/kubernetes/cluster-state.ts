import type { V1Pod } from '@kubernetes/client-node';
import { temporaryDirectory } from '../child.js';
import { claimStore, podStore } from './cluster-objects.js';
import { isDeleted, Kubelet } from './kubelet.js';

export const NAMESPACE = 'conch-executors';

/** The objects of the stand-in for a cluster, and its one node. */
export class ClusterState {
  readonly pods = podStore(NAMESPACE);
  readonly claims = claimStore(NAMESPACE);
  readonly kubelet: Kubelet;
  protected readonly files = temporaryDirectory('cluster');

  constructor() {
    this.kubelet = new Kubelet(this.files.path, (pod) => this.forget(pod));
  }

  /** Ends a pod as a kubelet does whose node has too little memory. */
  evict(pod: V1Pod): void {
    pod.status = Object.assign(pod.status ?? {}, {
      phase: 'Failed',
      reason: 'Evicted',
      message: 'The node was low on resource: memory. ',
    });
    this.kubelet.process(pod)?.signal('SIGKILL');
  }

  /** Takes a pod away with its node. */
  lose(pod: V1Pod): void {
    this.kubelet.process(pod)?.signal('SIGKILL');
    this.forget(pod);
  }

  protected created(kind: string, body: unknown): object {
    if (kind !== 'pods') return this.claims.create(body);
    const pod = this.pods.create(body);
    void this.kubelet.run(pod);

    return pod;
  }

  /** @param graceSeconds as asked for; null: as the pod says */
  protected deleted(kind: string, name: string, graceSeconds: string | null): object {
    if (kind !== 'pods') return this.deleteClaim(name);
    const pod = this.pods.read(name);
    const grace = Number(graceSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30);
    pod.metadata = Object.assign(pod.metadata ?? {}, { deletionTimestamp: new Date() });
    this.kubelet.stop(pod, grace);
    if (grace === 0) this.forget(pod);

    return pod;
  }

  /** A claim stays until no pod uses it. */
  private deleteClaim(name: string): object {
    const claim = this.claims.read(name);
    claim.metadata = Object.assign(claim.metadata ?? {}, { deletionTimestamp: new Date() });
    this.finalizeClaims();

    return claim;
  }

  private forget(pod: V1Pod): void {
    this.pods.remove(pod);
    this.finalizeClaims();
  }

  private finalizeClaims(): void {
    const used = [...this.pods.objects.values()].flatMap(({ spec }) =>
      (spec?.volumes ?? []).map(({ persistentVolumeClaim: claim }) => claim?.claimName),
    );
    for (const claim of this.claims.objects.values()) {
      if (isDeleted(claim) && !used.includes(claim.metadata?.name)) this.claims.remove(claim);
    }
  }

  protected async end(): Promise<void> {
    for (const pod of this.pods.objects.values()) this.kubelet.stop(pod, 0);
    await this.files.remove();
  }
}
