import type { Api } from '../api.js';

/** The API key of models that tests add, unless they say another. */
export const TEST_KEY = 'sk-a-secret-of-this-test-0123456789';

interface NewModel {
  name: string;
  provider?: 'claude' | 'openai';
  baseUrl: string;
  apiKey?: string;
  /** Of the provider; `sim:…` scripts the simulator. */
  modelId?: string;
}

/** Adds a model. @returns its name */
export async function addModel(
  api: Api,
  { name, provider = 'openai', baseUrl, apiKey = TEST_KEY, modelId = 'sim' }: NewModel,
): Promise<string> {
  const { status, text } = await api.post('/models', { name, provider, modelId, baseUrl, apiKey });
  if (status >= 300) throw new Error(`POST /models: HTTP ${status} ${text}`);

  return name;
}
