import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import type { PodChannel } from './pods/pod-channel.js';

/** A right in the namespace of executors. */
export interface Right {
  verb: string;
  resource: string;
  subresource?: string;
}

/** A connection to a container: its standard input and output, or a command in it. */
export type ChannelWish = { kind: 'attach' } | { kind: 'exec'; command: readonly string[] };

/**
 * The API server of a cluster, in one namespace. All methods throw EngineTrouble; what is not there is null. The module of
 * its implementation loads the client library, so it is imported by managers with Kubernetes alone.
 */
export abstract class Cluster {
  abstract readonly namespace: string;

  /** Checks that the server answers, and lets this manager read. */
  abstract ping(): Promise<void>;
  /** Returns the platform of the server, e.g. `linux/amd64`, which that of the nodes is in most clusters. */
  abstract platform(): Promise<string>;
  /** Returns whether this manager has a right. */
  abstract mayDo(right: Right): Promise<boolean>;

  abstract createPod(pod: V1Pod): Promise<void>;
  abstract readPod(name: string): Promise<V1Pod | null>;
  abstract listPods(selector: string): Promise<V1Pod[]>;
  /** Asks for the end of a pod; it is gone some time later. @param graceSeconds 0: without waiting for its node */
  abstract deletePod(name: string, graceSeconds: number): Promise<void>;
  /** Opens a connection to a container of a running pod. @param onOutput called with what it prints */
  abstract connect(
    pod: string,
    container: string,
    wish: ChannelWish,
    onOutput: (part: Buffer) => void,
  ): Promise<PodChannel>;

  /** Creates a claim; no error when there is one of that name. */
  abstract createClaim(claim: V1PersistentVolumeClaim): Promise<void>;
  abstract readClaim(name: string): Promise<V1PersistentVolumeClaim | null>;
  abstract listClaims(selector: string): Promise<V1PersistentVolumeClaim[]>;
  abstract deleteClaim(name: string): Promise<void>;
}
