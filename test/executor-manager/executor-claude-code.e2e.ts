import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { endAll, eventually } from '../support/child.js';
import { ExecutorDesk } from '../support/executors/executor-desk.js';
import { ExecutorProcess } from '../support/executors/executor-process.js';
import { addExecutorTeam, addTask, ExecutorApi, INTERNAL_TOKEN, untilTask } from '../support/executors/executors.js';
import { Stage } from '../support/stages/stage.js';

/** The real program: see scripts/lib/claude-code.mjs. */
const CLAUDE_CODE = process.env['CLAUDE_CODE'];
const KEY = 'sk-ant-a-key-of-this-test';

/** Real Claude Code in the real executor, with work of a real server; the model is the simulator. */
describe('the executor with Claude Code', () => {
  let stage: Stage;
  let desk: ExecutorDesk;
  let manager: ExecutorApi;
  let executor: ExecutorProcess;
  let teamId: number;

  beforeAll(async () => {
    if (!CLAUDE_CODE) throw new Error('CLAUDE_CODE is not set: run the test by "npm test -- executor-claude-code"');
    stage = await Stage.start('embedded', { INTERNAL_API_TOKEN: INTERNAL_TOKEN });
    desk = await ExecutorDesk.start();
    desk.forwardTo = `${stage.server(0).url}/api`;
    manager = new ExecutorApi(stage.api);
    const env = { model: 'claude', model_id: 'claude-x', api_key: KEY, base_url: `${stage.simulator.url}/claude` };
    const bots = ['coder', 'tester'].map((name) => ({ name, prompt: `You are the ${name}.`, config: { env } }));
    ({ teamId } = await addExecutorTeam(stage.api, 'coders', bots, 'coordinate'));
    executor = new ExecutorProcess(dirname(CLAUDE_CODE));
  });

  afterAll(() => endAll(executor, desk, stage));

  /** Asks the team, and hands its subtask over to the executor. */
  async function ask(prompt: string): Promise<{ taskId: number; subtaskId: number }> {
    const taskId = await addTask(stage.api, teamId, { prompt, title: 'A task' });
    const subtask = await manager.take();
    desk.forget();
    executor.handOver(subtask, desk.url);

    return { taskId, subtaskId: subtask.subtask_id };
  }

  it('runs a tool, streams the answer, and stores the result', async () => {
    const { taskId, subtaskId } = await ask(
      'Go [sim run=echo%20hi%20>%20made.txt;cat%20made.txt say=Working. text=All%20done reasoning=3 rate=0]',
    );
    await desk.ended(subtaskId);
    await untilTask(stage.api, taskId, 'COMPLETED');
    const { result } = await stage.api.answer(taskId, subtaskId);
    expect(result).toMatchObject({
      value: 'Working.\n\nAll done',
      steps: [{ title: 'Bash: echo hi > made.txt;cat made.txt', status: 'succeeded', detail: { result: 'hi' } }],
      usage: { output_tokens: expect.any(Number) },
      session_id: expect.any(String),
    });
    expect(desk.text).toBe('Working.\n\nAll done');
    expect(
      desk.events
        .filter(({ type }) => type === 'reasoning')
        .map(({ content }) => content)
        .join(''),
    ).toContain('r2');
    expect(readFileSync(join(executor.workspace, 'repo', 'made.txt'), 'utf8')).toBe('hi\n');
    const [, question] = stage.simulator.requests;
    expect(question?.body).toMatchObject({ model: 'claude-x', thinking: { type: 'adaptive' } });
    const asked = JSON.stringify(question?.body);
    expect(asked).toContain('You are the coder.');
    expect(asked).toContain('- tester: role 1');
  });

  it('goes on with the session in the next turn', async () => {
    const before = stage.simulator.requests.length;
    const { taskId, subtaskId } = await ask('And [sim text=again rate=0]');
    await desk.ended(subtaskId);
    await untilTask(stage.api, taskId, 'COMPLETED');
    const asked = stage.simulator.requests.slice(before).find(({ method }) => method === 'POST');
    expect(JSON.stringify(asked?.body)).toContain('All done');
  });

  it('shows what a sub-agent does below its call', async () => {
    const input = {
      description: 'Test it',
      subagent_type: 'tester',
      prompt: 'Go [sim run=echo%20tested text=tested rate=0]',
    };
    const { subtaskId } = await ask(
      `Go [sim tool=Task input=${encodeURIComponent(JSON.stringify(input))} text=fine rate=0]`,
    );
    const end = await desk.ended(subtaskId);
    expect(end.result).toMatchObject({
      value: 'fine',
      steps: [{ title: 'Task: Test it' }, { title: 'Bash: echo tested', parent_id: expect.any(String) }],
    });
  });

  it('ends a tool that runs when the answer is cancelled', async () => {
    const command = 'echo $$ > tool.pid; tail -f /dev/null';
    const { taskId, subtaskId } = await ask(`Go [sim run=${encodeURIComponent(command)} text=never rate=0]`);
    const file = join(executor.workspace, 'repo', 'tool.pid');
    await eventually('the tool runs', () => existsSync(file));
    desk.cancelling = true;
    expect(await desk.ended(subtaskId)).toMatchObject({ status: 'CANCELLED' });
    desk.cancelling = false;
    await untilTask(stage.api, taskId, 'CANCELLED');
    // It has no parent any more: init removes it when it gets to that.
    await eventually('the tool is gone', () => !existsSync(join('/proc', readFileSync(file, 'utf8').trim())));
  });

  it('fails with the code and the words of the provider', async () => {
    const refused = await ask('Go [sim case=auth]');
    expect(await desk.ended(refused.subtaskId)).toMatchObject({ status: 'FAILED', error_code: 'provider_auth' });
    const unknown = await ask('Go [sim case=not-found]');
    const end = await desk.ended(unknown.subtaskId);
    expect(end).toMatchObject({ status: 'FAILED', error_code: 'provider_not_found' });
    expect(end.error_message).toContain('claude-x');
  });

  it('needs little memory, shows no secret, and ends when it is told to', async () => {
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${executor.pid}/status`, 'utf8')) ?? [];
    expect(Number(kilobytes)).toBeLessThan(80 * 1024);
    expect(executor.logs).not.toContain(KEY);
    expect(() => execFileSync('grep', ['-rF', KEY, join(executor.workspace, '.conch')])).toThrow();
    expect(await executor.finish()).toBe(0);
  });
});
