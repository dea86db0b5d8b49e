import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../../config/app-config.js';
import type { ContainerSpec } from '../../container-runtime.js';
import { checkPod } from './check-pod.js';
import { COPY, executorPod } from './executor-pod.js';
import { workspaceClaim } from '../workspace-claims.js';

const KUBERNETES = { EXECUTOR_RUNTIME: 'kubernetes', EXECUTOR_PROGRAM_IMAGE: 'r.example/conch:1' };
const SPEC: ContainerSpec = {
  ...{ name: 'conch-task-1-ab', image: { id: 'r.example/agent:1' }, labels: { 'conch.task': '1' }, env: { LANG: 'C' } },
  ...{ command: ['/conch/node', 'x'], workingDirectory: '/workspace', network: 'host' },
  mounts: [
    { volume: 'program', path: '/conch', isReadOnly: true },
    { volume: 'workspace', path: '/workspace', isReadOnly: false },
  ],
  limits: { memoryMb: 256, cpus: 2, pids: 64 },
};
const FILES = [{ path: 'executor.mjs', source: '/app/dist/executor/executor.mjs', isExecutable: false }];
const podFor = (environment: Record<string, string> = {}, spec = SPEC) =>
  executorPod(spec, new Map([['program', FILES]]), loadConfig({ ...KUBERNETES, ...environment }));

describe('executorPod', () => {
  it('copies the program from the image of the manager, and mounts the workspace from its claim', () => {
    const { initContainers, containers, volumes } = podFor().spec ?? {};

    expect(initContainers).toMatchObject([{ name: COPY, image: 'r.example/conch:1' }]);
    expect(initContainers?.[0]?.args).toEqual(['/conch', JSON.stringify(FILES)]);
    expect(volumes).toEqual([
      { name: 'program', emptyDir: { sizeLimit: '512Mi' } },
      { name: 'workspace', persistentVolumeClaim: { claimName: 'workspace' } },
    ]);
    expect(containers?.[0]).toMatchObject({ command: SPEC.command, stdin: true, stdinOnce: false, args: [] });
  });

  it('reserves no more than its limits', () => {
    const resources = podFor().spec?.containers[0]?.resources;

    expect(resources).toEqual({
      limits: { memory: '256Mi', cpu: '2' },
      requests: { memory: '256Mi', cpu: '250m' },
    });
  });

  it('is never in the network of its node, and has what the operator has set', () => {
    const { spec } = podFor({
      ...{ KUBERNETES_RUNTIME_CLASS: 'gvisor', KUBERNETES_IMAGE_PULL_SECRETS: 'one, two', IMAGE_PULL_POLICY: 'always' },
    });

    expect(spec).not.toHaveProperty('hostNetwork');
    expect(spec).toMatchObject({ runtimeClassName: 'gvisor', imagePullSecrets: [{ name: 'one' }, { name: 'two' }] });
    expect(spec?.containers[0]?.imagePullPolicy).toBe('Always');
  });
});

describe('checkPod', () => {
  it('ends when its validation is over, and has no room to write but in memory', () => {
    const labels = { 'conch.expires': String(Date.now() + 1_200_000) };
    const { spec } = checkPod('conch-check-1', 'r.example/agent:1', labels, loadConfig(KUBERNETES));

    expect(spec?.activeDeadlineSeconds).toBeGreaterThan(600);
    expect(spec?.activeDeadlineSeconds).toBeLessThanOrEqual(1_200);
    expect(spec?.containers[0]?.securityContext).toMatchObject({ readOnlyRootFilesystem: true });
    expect(spec?.volumes).toEqual([{ name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } }]);
  });
});

describe('workspaceClaim', () => {
  it.each([
    [{}, undefined, '10Gi'],
    [{ KUBERNETES_STORAGE_CLASS: 'fast', KUBERNETES_WORKSPACE_SIZE: '500Mi' }, 'fast', '500Mi'],
  ])('with %j', (environment, storageClass, size) => {
    const { kubernetes } = loadConfig({ ...KUBERNETES, ...environment }).manager;
    const { spec } = workspaceClaim('conch-workspace-1-ab', { 'conch.task': '1' }, kubernetes);

    expect(spec?.storageClassName).toBe(storageClass);
    expect(spec?.resources?.requests).toEqual({ storage: size });
  });
});
