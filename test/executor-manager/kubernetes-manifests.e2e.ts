import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { V1Deployment, V1NetworkPolicy, V1PodSpec } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { validateEnvironment } from '../../src/config/app-config.js';
import { RIGHTS } from '../../src/executor-manager/runtime/kubernetes/cluster-access.js';
import { AccessRules } from '../support/kubernetes/access-rules.js';
import { schemaProblems } from '../support/kubernetes/object-check.js';
import { metadataProblems, podSpecProblems } from '../support/kubernetes/syntax-check.js';

const FOLDER = resolve('deploy/kubernetes');

interface Manifest {
  file: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: unknown;
}

/** The objects of all files but that of kustomize. */
function manifests(): Manifest[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');

  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map((document) => {
      expect(document.errors).toEqual([]);

      return { ...(document.toJSON() as Omit<Manifest, 'file'>), file };
    }),
  );
}

const one = (kind: string, name: string) => {
  const found = manifests().find((each) => each.kind === kind && each.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);

  return found as unknown;
};

describe('the check of objects', () => {
  const pod = (container: object) => ({
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'main', ...container }] },
  });

  it.each([
    [pod({ image: 'a:1', resources: { limits: { memory: '1Gi' } } }), []],
    [pod({ imagee: 'a:1' }), ['.spec.containers[0].imagee: is no field of V1Container']],
    [
      pod({ image: 1, stdin: 'yes' }),
      ['.spec.containers[0].image: is no string', '.spec.containers[0].stdin: is no boolean'],
    ],
    [
      pod({ resources: { limits: { memory: '1 GB' } } }),
      ['.spec.containers[0].resources.limits.memory: is no quantity'],
    ],
    [{ spec: {} }, ['.spec.containers: is required']],
    [{ spec: { containers: [{}] } }, ['.spec.containers[0].name: is required']],
  ])('finds what the schema does not allow: %j', (object, problems) => {
    expect(schemaProblems(object, 'V1Pod')).toEqual(problems);
  });

  it('finds names and labels that the API server refuses', () => {
    const labels = { 'conch.dev/image': 'docker.io/library/node:22', 'a/b/c': '1' };

    expect(metadataProblems({ name: 'Task_1', labels })).toHaveLength(3);
  });
});

describe('deploy/kubernetes', () => {
  it.each(manifests().map((manifest) => [manifest.kind, manifest.metadata.name, manifest] as const))(
    'has a valid %s "%s"',
    (kind, _, { file, ...object }) => {
      expect({
        file,
        problems: [...schemaProblems(object, `V1${kind}`), ...metadataProblems(object.metadata)],
      }).toEqual({
        ...{ file, problems: [] },
      });
    },
  );

  it('lists all of its files for kustomize', () => {
    const text = readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8');
    const [{ resources } = { resources: [] }] = parseAllDocuments(text).map(
      (each) => each.toJSON() as { resources: string[] },
    );

    expect([...resources].sort()).toEqual([...new Set(manifests().map(({ file }) => file))].sort());
  });

  it('starts the manager with a configuration that it accepts', () => {
    const { spec } = one('Deployment', 'conch-executor-manager') as V1Deployment;
    const pod = spec?.template.spec as V1PodSpec;
    const [manager] = pod.containers;
    const given = (manager?.env ?? []).map(({ name, value }) => [name, value ?? 'a-secret-of-the-cluster']);
    const environment = Object.fromEntries(given) as Record<string, string>;

    expect(podSpecProblems(pod)).toEqual([]);
    expect(() => validateEnvironment({ ...environment, HOST: '0.0.0.0' })).not.toThrow();
    expect(environment['EXECUTOR_PROGRAM_IMAGE']).toBe(manager?.image);
    expect(pod.serviceAccountName).toBe('conch-executor-manager');
  });

  it('grants the rights that the manager asks for, and no others', () => {
    const asked = RIGHTS.map(
      ({ verb, resource, subresource }) => `${verb} ${[resource, subresource].filter(Boolean).join('/')}`,
    );

    expect(new AccessRules(join(FOLDER, 'role.yaml')).granted.sort()).toEqual(asked.sort());
  });

  it('lets executors reach the internet and Conch, and nothing else inside the cluster', () => {
    const { spec } = one('NetworkPolicy', 'executors') as V1NetworkPolicy;
    const blocks = (spec?.egress ?? []).flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => ipBlock ?? []));
    const nothing = one('NetworkPolicy', 'nothing-by-default') as V1NetworkPolicy;

    expect(blocks.flatMap(({ except = [] }) => except)).toEqual(
      expect.arrayContaining(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7']),
    );
    expect(spec?.ingress).toBeUndefined();
    expect(nothing.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  });
});
