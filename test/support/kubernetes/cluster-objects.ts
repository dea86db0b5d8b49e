import { randomUUID } from 'node:crypto';
import type { V1ObjectMeta, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { schemaProblems } from './object-check.js';
import { claimProblems, metadataProblems, podProblems } from './syntax-check.js';

/** A reply with an error. */
export class StatusError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: V1ObjectMeta;
}

/** Objects of one kind in the namespace; refuses what the schema or the rules of the API server do not allow. */
export class ObjectStore<T extends KubernetesObject> {
  readonly objects = new Map<string, T>();
  /** All that was refused for its form. */
  readonly problems: string[] = [];

  constructor(
    private readonly kind: string,
    private readonly namespace: string,
    private readonly ownProblems: (object: T) => string[],
  ) {}

  create(body: unknown): T {
    const schema = schemaProblems(body, `V1${this.kind}`);
    const object = body as T;
    const { apiVersion, kind, metadata = {} } = object;
    const wrong = apiVersion === 'v1' && kind === this.kind ? [] : [`${apiVersion} ${kind} is no ${this.kind}`];
    const problems = [...wrong, ...schema, ...(schema.length > 0 ? [] : this.rulesBroken(object))];
    const { name = '' } = metadata;
    this.problems.push(...problems);
    if (problems.length > 0)
      throw new StatusError(422, 'Invalid', `${this.kind} "${name}" is invalid: ${problems.join('; ')}`);
    if (this.objects.has(name)) throw new StatusError(409, 'AlreadyExists', `"${name}" already exists`);
    const own = { uid: randomUUID(), namespace: this.namespace, creationTimestamp: new Date(), resourceVersion: '1' };
    object.metadata = Object.assign(metadata, own);
    this.objects.set(name, object);

    return object;
  }

  read(name: string): T {
    const object = this.objects.get(name);
    if (!object) throw new StatusError(404, 'NotFound', `"${name}" not found`);

    return object;
  }

  list(selector: string): T[] {
    const wanted = selector === '' ? [] : selector.split(',').map((part) => part.split('='));

    return [...this.objects.values()].filter(({ metadata }) =>
      wanted.every(([key = '', value]) => {
        const own = metadata?.labels?.[key];

        return value === undefined ? own !== undefined : own === value;
      }),
    );
  }

  /** Removes an object, unless its name stands for another one by now. */
  remove({ metadata }: T): void {
    const name = metadata?.name ?? '';
    if (this.objects.get(name)?.metadata?.uid === metadata?.uid) this.objects.delete(name);
  }

  private rulesBroken(object: T): string[] {
    return [...metadataProblems(object.metadata ?? {}), ...this.ownProblems(object)];
  }
}

export const podStore = (namespace: string) => new ObjectStore<V1Pod>('Pod', namespace, podProblems);
export const claimStore = (namespace: string) =>
  new ObjectStore<V1PersistentVolumeClaim>('PersistentVolumeClaim', namespace, claimProblems);
