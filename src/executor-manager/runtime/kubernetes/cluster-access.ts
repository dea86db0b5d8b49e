import { Injectable } from '@nestjs/common';
import { EngineTrouble } from '../runtime-errors.js';
import { Cluster, type Right } from './cluster.js';
import { missingRight } from './cluster-errors.js';

const rights = (verbs: readonly string[], resource: string, subresource?: string): Right[] =>
  verbs.map((verb) => ({ verb, resource, ...(subresource !== undefined && { subresource }) }));

/** Connections are opened with `get`, and since Kubernetes 1.35 with `create` besides. */
const CONNECT = ['create', 'get'];
const OBJECT = ['create', 'delete', 'get', 'list'];

/** All that the executor manager does in its namespace; the role of deploy/kubernetes allows this and no more. */
export const RIGHTS: readonly Right[] = [
  ...rights(OBJECT, 'pods'),
  ...rights(CONNECT, 'pods', 'attach'),
  ...rights(CONNECT, 'pods', 'exec'),
  ...rights(OBJECT, 'persistentvolumeclaims'),
];

/** Checks the rights of the manager once, so that a missing one is known before there is work. */
@Injectable()
export class ClusterAccess {
  private isComplete = false;

  constructor(private readonly cluster: Cluster) {}

  /** @throws EngineTrouble that names the first right which is missing, or says that the server does not answer */
  async check(): Promise<void> {
    if (this.isComplete) return;
    for (const right of RIGHTS) {
      if (await this.cluster.mayDo(right)) continue;
      const resource = right.subresource === undefined ? right.resource : `${right.resource}/${right.subresource}`;
      throw new EngineTrouble('engine_unavailable', missingRight(right.verb, resource));
    }
    this.isComplete = true;
  }
}
