import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Validation } from '../support/executors/validations.js';
import { endAll, eventually } from '../support/child.js';
import { Conch } from '../support/conch.js';
import { NAMESPACE } from '../support/kubernetes/cluster-state.js';
import { KubernetesStage } from '../support/kubernetes/kubernetes-stage.js';
import { DIGEST, nodeImage, PROGRAM_IMAGE } from '../support/kubernetes/registry-images.js';

describe('executors on Kubernetes', () => {
  let stage: KubernetesStage;
  let team: string;

  beforeAll(async () => {
    stage = await KubernetesStage.start();
    team = await stage.team('coders');
  });
  afterAll(() => endAll(stage));

  /** What the executor says of its turns in the n-th answer of a task. */
  async function turns(taskId: number, turn = 0): Promise<{ turns: number; inWorkspace: number }> {
    const task = await stage.ended(taskId, 120_000);
    const answer = (await stage.answers(taskId))[turn];
    expect([task.status, answer?.error_message]).toEqual(['COMPLETED', null]);

    return JSON.parse(String(answer?.result?.value)) as { turns: number; inWorkspace: number };
  }

  async function validated(image: string, shellType: string): Promise<Validation> {
    const { body } = await stage.server.api.post<{ validationId: string }>('/shells/validate-image', {
      image,
      shellType,
    });

    return eventually(`the validation of ${image}`, async () => {
      const reply = await stage.server.api.get<Validation>(`/shells/validation-status/${body.validationId}`);

      return reply.body.outcome !== null && reply.body;
    });
  }

  it('gives turns of a task to one pod, and to a new one with the same workspace when it is lost', async () => {
    const taskId = await stage.ask(team, 'one [brief]');
    expect(await turns(taskId)).toEqual({ turns: 1, inWorkspace: 1 });
    const first = stage.pod(taskId);
    await stage.askAgain(taskId, 'two [brief]');
    expect(await turns(taskId, 1)).toEqual({ turns: 2, inWorkspace: 2 });
    const second = stage.pod(taskId);
    expect(second?.metadata?.uid).toBe(first?.metadata?.uid);
    if (second) stage.cluster.lose(second);
    await stage.askAgain(taskId, 'three [brief]');
    expect(await turns(taskId, 2)).toEqual({ turns: 1, inWorkspace: 3 });
  });

  it('isolates a pod, and hides the secrets of its work', async () => {
    const taskId = await stage.ask(team, 'look [brief]');
    await turns(taskId);
    const pod = stage.pod(taskId);
    const [answer] = await stage.answers(taskId);
    const [main] = pod?.spec?.containers ?? [];
    const [copy] = pod?.spec?.initContainers ?? [];

    expect(pod?.metadata).toMatchObject({
      ...{ name: answer?.executor_name, namespace: NAMESPACE },
      labels: { 'conch.dev/task': String(taskId), 'conch.dev/task-type': 'chat' },
      annotations: { 'conch.dev/image': 'registry.example/agent:1' },
    });
    expect(pod?.spec).toMatchObject({
      ...{ restartPolicy: 'Never', automountServiceAccountToken: false, enableServiceLinks: false },
      imagePullSecrets: [{ name: 'pull-secret' }],
    });
    expect(main).toMatchObject({
      image: 'registry.example/agent:1',
      resources: { limits: { memory: '256Mi', cpu: '1' }, requests: { memory: '256Mi', cpu: '250m' } },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      volumeMounts: [
        { mountPath: '/conch', readOnly: true },
        { mountPath: '/workspace', readOnly: false },
      ],
    });
    expect(copy?.image).toBe(PROGRAM_IMAGE);
    expect(JSON.stringify(pod) + stage.server.logs).not.toContain(stage.secret);
    expect(JSON.stringify(pod)).not.toContain('auth_token');
  });

  it('finds its pods again when the manager was killed', async () => {
    const taskId = await stage.ask(team, 'slow [ms=8000] [brief]');
    await stage.atWork(taskId);
    const before = stage.managerPid ?? 0;
    expect(before).toBeGreaterThan(0);
    process.kill(before, 'SIGKILL');
    await eventually('another manager', () => stage.managerPid !== undefined && stage.managerPid !== before);
    expect(await turns(taskId)).toEqual({ turns: 1, inWorkspace: 1 });
    await stage.askAgain(taskId, 'and again [brief]');
    expect(await turns(taskId, 1)).toEqual({ turns: 2, inWorkspace: 2 });
  });

  it('ends a cancelled subtask, by force when its executor does not listen', async () => {
    const [listening, deaf] = await Promise.all([stage.ask(team, '[wait]'), stage.ask(team, '[deaf]')]);
    await Promise.all([stage.atWork(listening), stage.atWork(deaf)]);
    for (const taskId of [listening, deaf]) await stage.server.api.post(`/tasks/${taskId}/cancel`);

    expect((await stage.ended(listening)).status).toBe('CANCELLED');
    expect((await stage.ended(deaf)).status).toBe('CANCELLED');
    await eventually('the deaf one is gone', () => stage.pod(deaf) === undefined);
    expect(stage.pod(listening)).toBeDefined();
  });

  it('offers a subtask again when its pod has ended, and says why', async () => {
    const exited = await stage.ask(team, '[exit=3] [brief]');
    expect(await turns(exited)).toEqual({ turns: 1, inWorkspace: 2 });
    const evicted = await stage.ask(team, '[ms=8000] [brief]');
    await stage.atWork(evicted);
    const pod = stage.pod(evicted);
    if (pod) stage.cluster.evict(pod);

    expect(await turns(evicted)).toEqual({ turns: 1, inWorkspace: 2 });
    expect(stage.server.logs).toContain('ended with status 3');
    expect(stage.server.logs).toContain('was evicted from its node, which was low on memory');
  });

  it('removes pod and workspace with their task', async () => {
    const taskId = await stage.ask(team, 'short [brief]');
    await turns(taskId);
    const claim = () => stage.cluster.claims.list(`conch.dev/task=${taskId}`)[0];
    expect(claim()?.spec).toMatchObject({
      ...{ storageClassName: 'fast', accessModes: ['ReadWriteOnce'] },
      resources: { requests: { storage: '10Gi' } },
    });
    await stage.server.api.call('DELETE', `/tasks/${taskId}`);

    await eventually('both are gone', () => claim() === undefined && stage.pod(taskId) === undefined);
  });

  it.each([
    ['nothing', 'refuses access'],
    ['musl', 'no glibc'],
    ['nobody', 'USER does not exist'],
  ])('says what is wrong with the image "%s"', async (name, words) => {
    // That of the operator is not validated before.
    const { images } = stage.cluster.kubelet;
    images.set('registry.example/agent:1', nodeImage(name));
    const taskId = await stage.ask(team, 'hello');
    const task = await stage.ended(taskId);
    images.set('registry.example/agent:1', nodeImage('agent'));
    const [answer] = await stage.answers(taskId);

    expect([task.status, task.error_message]).toEqual(['FAILED', expect.stringContaining(words) as unknown]);
    expect(answer).toMatchObject({ end: { code: 'executor_image_unusable' } });
    await eventually('its pod is gone', () => stage.pod(taskId) === undefined);
  });

  it('takes a registry that does not answer for no verdict', async () => {
    const { images } = stage.cluster.kubelet;
    images.set('registry.example/agent:1', nodeImage('away'));
    const { error_message: message } = await stage.ended(await stage.ask(team, 'hello'), 120_000);
    images.set('registry.example/agent:1', nodeImage('agent'));

    expect(message).toMatch(/lost 3 time.*does not answer as it should/);
  });

  it('validates images by commands in a pod', async () => {
    const good = await validated('registry.example/agent:1', 'Agno');
    expect(good).toMatchObject({ valid: true, digest: DIGEST });
    const poor = await validated('registry.example/poor:1', 'ClaudeCode');
    expect([poor.valid, poor.checks.map(({ message }) => message)]).toEqual([
      false,
      [
        'The version is 18.20.4, at least 20.0.0 is needed',
        expect.stringContaining('did not end within'),
        expect.stringContaining('ended with status 139'),
        'python3 was not found in the image',
      ],
    ]);
    const scratch = await validated('registry.example/scratch:1', 'Agno');
    expect(scratch.errors).toEqual([expect.stringContaining('has no shell')]);
    await eventually('no pod of a check is left', () => stage.cluster.pods.list('conch.dev/run').length === 0);
  });

  it('sends nothing that the schema does not allow, and uses every right of its role', () => {
    expect(stage.cluster.violations).toEqual([]);
    expect([...stage.cluster.access.used].sort()).toEqual(expect.arrayContaining(stage.cluster.access.granted.sort()));
  });
});

describe('a cluster that does not do what it is asked for', () => {
  it('says which right is missing, and works when it is there', async () => {
    const stage = await KubernetesStage.start({}, ({ access }) => access.withdrawn.add('create pods/attach'));
    const team = await stage.team('coders');
    const taskId = await stage.ask(team, 'hello [brief]');
    const words = 'does not let the executor manager create pods/attach: its role must allow that';
    await eventually('the log says it', () => stage.server.logs.includes(words));
    stage.cluster.access.withdrawn.clear();

    expect((await stage.ended(taskId, 120_000)).status).toBe('COMPLETED');
    stage.cluster.isAway = true;
    await eventually(
      'the log says it',
      () => stage.server.logs.includes('API server of Kubernetes does not answer'),
      120_000,
    );
    stage.cluster.isAway = false;
    await stage.askAgain(taskId, 'again [brief]');
    expect((await stage.ended(taskId, 120_000)).status).toBe('COMPLETED');
    await endAll(stage);
  });

  it('says what the nodes lack', async () => {
    const stage = await KubernetesStage.start({ KUBERNETES_START_TIMEOUT_SECONDS: '2', EXECUTOR_MAX_ATTEMPTS: '1' });
    const team = await stage.team('coders');
    stage.cluster.kubelet.unschedulable = '0/3 nodes are available: 3 Insufficient memory.';
    const unplaced = await stage.ended(await stage.ask(team, 'hello'), 120_000);

    expect(unplaced.error_message).toContain('No node of the cluster has room for it: 0/3 nodes');
    await endAll(stage);
  });

  it('refuses to start without the image of its program', async () => {
    const { status, logs } = await Conch.startInVain({
      ...{ ROLES: 'executor-manager', EXECUTOR_RUNTIME: 'kubernetes', REGISTRY_AUTH: '{"auths":{}}' },
    });

    expect([status, logs]).toEqual([1, expect.stringContaining('EXECUTOR_PROGRAM_IMAGE is required') as unknown]);
    expect(logs).toContain('KUBERNETES_IMAGE_PULL_SECRETS');
    expect(logs).toContain('set EXECUTOR_API_URL');
  });
});
