import { readFileSync } from 'node:fs';
import type { V1PolicyRule, V1Role } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';

/** A right, as rules name it. */
export interface WantedRight {
  verb: string;
  /** With its subresource: `pods/attach`. */
  resource: string;
  group: string;
}

/** The rights of the role in deploy/kubernetes: what it does not allow is refused, and what is used of it is kept. */
export class AccessRules {
  readonly used = new Set<string>();
  /** Taken away by a test. */
  readonly withdrawn = new Set<string>();
  private readonly rules: V1PolicyRule[];

  constructor(manifest: string) {
    const objects = parseAllDocuments(readFileSync(manifest, 'utf8')).map((each) => each.toJSON() as V1Role);
    this.rules = objects.filter(({ kind }) => kind === 'Role').flatMap(({ rules = [] }) => rules);
  }

  /** All verbs of all resources. */
  get granted(): string[] {
    return this.rules.flatMap(({ verbs, resources = [] }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
    );
  }

  allows({ verb, resource, group }: WantedRight): boolean {
    const isAllowed = this.rules.some(
      ({ verbs, resources = [], apiGroups = [] }) =>
        verbs.includes(verb) && resources.includes(resource) && apiGroups.includes(group),
    );

    return isAllowed && !this.withdrawn.has(`${verb} ${resource}`);
  }

  /** Notes the use of a right. @returns the server's refusal; null when it is allowed */
  refusal(right: WantedRight, namespace: string): string | null {
    const { verb, resource, group } = right;
    this.used.add(`${verb} ${resource}`);

    return this.allows(right)
      ? null
      : `${resource.split('/')[0]} is forbidden: User "system:serviceaccount:conch:conch-executor-manager" cannot ${verb} resource "${resource}" in API group "${group}" in the namespace "${namespace}"`;
  }
}
