import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { parseSeedFile, readSeedFiles, type SeedVariables } from './seed-file.js';
import { buildSeedSet, SeedsError, type SeedSet } from './seed-set.js';

const head = (kind: string, name: string) =>
  `apiVersion: agent.wecode.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: default}\n`;
const SHELL = `${head('Shell', 'Chat')}spec: {shellType: Chat}\n`;
const GHOST = `${head('Ghost', 'ghost')}spec: {systemPrompt: Hello}\n`;
const BOT = `${head('Bot', 'bot')}spec: {ghostRef: {name: ghost}, shellRef: {name: Chat}}\n`;
const model = (name: string, config: string, spec = '') =>
  `${head('Model', name)}spec:\n  modelConfig: ${config}\n${spec}`;
const team = (spec: string) => `${head('Team', 'team')}spec: ${spec}\n`;

function build(documents: string[], variables: SeedVariables = {}): SeedSet {
  return buildSeedSet([parseSeedFile('seeds/a.yaml', documents.join('---\n'), variables)]);
}

function problems(documents: string[], variables: SeedVariables = {}): string[] {
  try {
    build(documents, variables);
  } catch (error) {
    if (error instanceof SeedsError) return error.problems;
    throw error;
  }

  return [];
}

describe('seed files', () => {
  it('are put together into public rows', () => {
    const set = build([
      SHELL,
      `${head('Ghost', 'ghost')}spec: {systemPrompt: Hello, mcpServers: {git: {command: docker}}, skills: [a]}\n`,
      model(
        'm',
        '{env: {model: openai, model_id: gpt-x, api_key: k, base_url: "http://h/v1"}, parameters: {maxTokens: 5}}',
      ),
      `${head('Bot', 'bot')}spec: {ghostRef: {name: ghost}, shellRef: {name: Chat}, modelRef: {name: m}}\n`,
      `${head('Team', 'team')}spec: {collaborationModel: pipeline, members: [{botRef: {name: bot}, prompt: p, role: leader}]}\n`,
    ]);

    expect(set).toEqual({
      shells: [
        {
          name: 'Chat',
          displayName: null,
          shellType: 'Chat',
          executionType: 'external_api',
          supportModel: [],
          baseImage: null,
          baseShellRef: null,
        },
      ],
      models: [
        {
          name: 'm',
          displayName: null,
          provider: 'openai',
          modelId: 'gpt-x',
          baseUrl: 'http://h/v1',
          apiKey: 'k',
          headers: {},
          parameters: { maxTokens: 5 },
        },
      ],
      bots: [
        {
          name: 'bot',
          shellName: 'Chat',
          agentConfig: { bind_model: 'm' },
          systemPrompt: 'Hello',
          mcpServers: { git: { command: 'docker' } },
          skills: ['a'],
        },
      ],
      teams: [
        {
          name: 'team',
          namespace: 'default',
          displayName: null,
          mode: 'pipeline',
          members: [{ bot: 'bot', prompt: 'p', role: 'leader' }],
        },
      ],
      logLines: [],
      warnings: [],
    });
  });

  it("take Wegent's files as they are", () => {
    const set = build([
      '# Copyright\n\n# Default resources\n',
      `apiVersion: agent.wecode.io/v1\nkind: Ghost\nmetadata:\n  name: g\n  namespace: default\n  user_id: 1\nspec:\n  mcpServers:\n  systemPrompt: |\n    Use \${HOME} and \`x\`.\nstatus:\n  state: Available\n`,
      `\n${head('Shell', 'claude-shell')}spec:\n  runtime: ClaudeCode\nstatus:\n  state: Available\n`,
      `${head('Bot', 'b')}spec:\n  ghostRef: {name: g}\n  shellRef: {name: claude-shell}\n  modelRef:\n`,
      `${head('Team', 't')}spec:\n  description: A team\n  members:\n    - {role: leader, botRef: {name: b}, prompt: "", requireConfirmation: true}\n  collaborationModel: solo\n  bind_mode: [code]\n`,
      model('old', `{isCustomConfig: true, env: {ANTHROPIC_MODEL: claude-x, ANTHROPIC_AUTH_TOKEN: t}}`),
      model('json', `{env: '{"model": "openai", "model_id": "q"}', customHeaders: {X-A: b}}`, '  protocol: openai\n'),
      `${head('Task', 'x')}spec: {}\n`,
      `${head('Workspace', 'x')}spec: {}\n`,
    ]);

    expect(set.bots[0]?.systemPrompt).toBe('Use ${HOME} and `x`.\n');
    expect(set.shells[0]).toMatchObject({ shellType: 'ClaudeCode', executionType: 'local_engine' });
    expect(set.models).toEqual([
      expect.objectContaining({ name: 'old', provider: 'claude', apiKey: 't', parameters: { authScheme: 'bearer' } }),
      expect.objectContaining({ name: 'json', provider: 'openai', modelId: 'q', headers: { 'X-A': 'b' } }),
    ]);
    expect(set.warnings).toEqual([
      'seeds/a.yaml, document 7 (Task x) is skipped: there are no resources of this kind here (line 59)',
      'seeds/a.yaml, document 8 (Workspace x) is skipped: there are no resources of this kind here (line 64)',
    ]);
  });

  it('put the connection of a Dify model into its bots', () => {
    const env = '{DIFY_API_KEY: app-1, DIFY_BASE_URL: "http://dify"}';
    const bot = `${head('Bot', 'bot')}spec: {ghostRef: {name: ghost}, shellRef: {name: Chat}, modelRef: {name: dify}}\n`;
    const set = build([SHELL, GHOST, model('dify', `{env: ${env}}`), bot]);

    expect(set.models).toEqual([]);
    expect(set.bots[0]?.agentConfig).toEqual({ env: { DIFY_API_KEY: 'app-1', DIFY_BASE_URL: 'http://dify' } });
  });

  it('fill in variables as text, whatever they hold', () => {
    const document = model(
      'm',
      '{env: {model_id: claude-x, api_key: "${ANTHROPIC_API_KEY}", base_url: "${SIMULATOR_URL}/claude"}}',
    );
    const set = build([document], { ANTHROPIC_API_KEY: 'a"b: {c}$&', SIMULATOR_URL: 'http://127.0.0.1:1' });

    expect(set.models[0]).toMatchObject({ apiKey: 'a"b: {c}$&', baseUrl: 'http://127.0.0.1:1/claude' });
  });

  it.each([[undefined], ['']])('are left out when a variable is %p, and say so', (value) => {
    const set = build([SHELL, model('m', '{env: {model_id: x, api_key: "${OPENAI_API_KEY}"}}')], {
      OPENAI_API_KEY: value,
    });

    expect(set).toEqual({
      shells: [],
      models: [],
      bots: [],
      teams: [],
      logLines: ['seeds/a.yaml is not loaded: OPENAI_API_KEY not set'],
      warnings: [],
    });
  });

  it('are not left out for a variable in a comment', () => {
    expect(build([`# needs \${OPENAI_API_KEY}\n${SHELL}`]).shells).toHaveLength(1);
  });

  it.each<[string, string[], string]>([
    ['an unknown shell', [GHOST, BOT], 'document 2 (Bot bot): spec.shellRef.name: no Shell "Chat" (line 9)'],
    ['no kind', ['metadata: {name: x}\n'], 'document 1 (without kind x): kind: must be one of'],
    ['no name', ['apiVersion: agent.wecode.io/v1\nkind: Ghost\nmetadata: {}\n'], 'metadata.name: is required (line 3)'],
    ['another apiVersion', [SHELL.replace('v1', 'v9')], 'apiVersion: must be agent.wecode.io/v1 (line 1)'],
    ['a text', ['just text\n'], 'seeds/a.yaml, document 1: must be an object with kind, metadata and spec (line 1)'],
    [
      'two of one name',
      [SHELL, SHELL],
      'document 2 (Shell Chat): metadata.name: is taken by seeds/a.yaml, document 1 (Shell Chat)',
    ],
    ['an empty team', [team('{collaborationModel: solo, members: []}')], 'spec.members: needs at least one entry'],
    ['a team without members', [team('{collaborationModel: solo}')], 'spec.members: needs at least one entry'],
    [
      'a member that is a text',
      [team('{collaborationModel: solo, members: [x]}')],
      'spec.members.0.botRef.name: is required',
    ],
    [
      'a wrong label',
      [SHELL.replace('namespace', 'labels: {type: moon}, x')],
      'metadata.labels.type: must be one of local_engine',
    ],
    ['no env', [model('m', '{}')], 'spec.modelConfig.env: is required (line 5)'],
    ['no model id', [model('m', '{env: {api_key: x}}')], 'spec.modelConfig.env: has no MODEL_ID'],
    [
      'a wrong parameter',
      [model('m', '{env: {model_id: x}, parameters: {max: 1}}')],
      'spec.modelConfig.parameters.max: is not a parameter',
    ],
    [
      'a misspelt variable',
      [model('m', '{env: {model_id: x, api_key: "${OPENAI_KEY}"}}')],
      'spec.modelConfig.env.api_key: ${OPENAI_KEY} is not a variable',
    ],
    [
      'NUL in a prompt',
      [`${head('Ghost', 'g')}spec: {systemPrompt: "a\\0"}\n`],
      'spec.systemPrompt: must not contain NUL characters',
    ],
    ['a number for a text', [`${head('Ghost', 'g')}spec: {systemPrompt: 5}\n`], 'spec.systemPrompt: must be a text'],
    ['broken YAML', ['a: [1\nb: 2\n'], 'seeds/a.yaml: '],
    [
      'billion laughs',
      [
        `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]\n`,
      ],
      'Excessive alias count',
    ],
  ])('with %s are refused', (_case, documents, message) => {
    expect(problems(documents).join('\n')).toContain(message);
  });

  it('of later versions of Wegent start: what is unknown is skipped, with a warning that names file and line', async () => {
    const directory = fileURLToPath(new URL('__fixtures__/later-wegent', import.meta.url));
    const set = buildSeedSet(await readSeedFiles(directory, {}));

    expect(set.shells.map(({ name, executionType }) => [name, executionType])).toEqual([
      ['ClaudeCode', 'local_engine'],
      ['Chat', 'external_api'],
    ]);
    expect(set.bots.map(({ name, agentConfig }) => [name, agentConfig])).toEqual([
      ['release-notes-bot', {}],
      ['storyboard-bot', { bind_model: 'house-model' }],
    ]);
    expect(set.bots[0]?.systemPrompt).toBe('Write release notes from the log.');
    expect(set.teams.map(({ name, mode }) => [name, mode])).toEqual([
      ['release-notes', 'pipeline'],
      ['storyboard', 'solo'],
    ]);
    expect(set.models).toEqual([]);
    expect(set.warnings).toEqual([
      'later-wegent/00-user.yaml, document 1 (without kind without name) is skipped: without kind and metadata it is no resource',
      'later-wegent/01-resources.yaml: the key "systemPrompt" is repeated, and its last value counts (line 8)',
      'later-wegent/01-resources.yaml: the key "state" is repeated, and its last value counts (line 46)',
      'later-wegent/03-templates.yaml, document 1 (Template weekly-report) is skipped: there are no resources of this kind here (line 2)',
      'later-wegent/03-templates.yaml, document 2 (Tool web-search) is skipped: there are no resources of this kind here (line 11)',
      'later-wegent/04-video.yaml, document 1 (Model moving-pictures) is skipped: models of the type "video" are not supported',
      'later-wegent/04-video.yaml, document 3 (Bot storyboard-bot): spec.modelRef.name: no Model "house-model": the bot cannot answer until a seed file has it (line 41)',
    ]);
  });

  it('name all problems at once', () => {
    expect(problems([BOT, team('{members: [{botRef: {name: nobody}}]}')])).toHaveLength(4);
  });
});
