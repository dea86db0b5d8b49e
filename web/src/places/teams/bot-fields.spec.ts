import { describe, expect, it } from '@jest/globals';
import { botFieldsOf, botRequest, difyKeyOf } from './bot-fields';

const BOT = {
  id: 3,
  user_id: 1,
  name: 'writer',
  shell_name: 'Chat',
  shell_type: 'Chat',
  agent_config: { bind_model: 'm', extra: 1 },
  model_name: 'm',
  system_prompt: 'Write.',
  mcp_servers: { web: { url: 'https://example.org' } },
  skills: ['a'],
  is_active: true,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
};
const DIFY_BOT = {
  ...BOT,
  shell_name: 'Dify',
  shell_type: 'Dify',
  model_name: null,
  agent_config: { env: { DIFY_API_KEY: '***flow', DIFY_BASE_URL: 'https://dify.example.org', OTHER: 'x' } },
};

describe('fields of a bot', () => {
  it('come back as they are stored', () => {
    expect(botRequest(botFieldsOf(BOT), false)).toEqual({
      name: 'writer',
      shell_name: 'Chat',
      model_name: 'm',
      system_prompt: 'Write.',
      agent_config: { extra: 1 },
      mcp_servers: BOT.mcp_servers,
      skills: ['a'],
    });
  });

  it('keep the masked key and the other settings of a Dify app', () => {
    const fields = botFieldsOf(DIFY_BOT);

    expect(difyKeyOf(DIFY_BOT)).toBe('***flow');
    expect(botRequest(fields, true).agent_config).toEqual(DIFY_BOT.agent_config);
    expect(botRequest({ ...fields, difyKey: ' app-new ', difyAddress: '' }, true).agent_config).toEqual({
      env: { DIFY_API_KEY: 'app-new', OTHER: 'x' },
    });
  });
});
