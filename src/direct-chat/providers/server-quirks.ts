/** Requests as servers want them that refuse a usual field: learned from their refusals, for as long as the process runs. */
import { LRUCache } from 'lru-cache';
import type { ModelParameters, ModelSettings } from '../../common/contracts/chat-provider.js';
import { ProviderError } from '../../infra/provider-stream/provider-error.js';

/** Parameters that a server's refusal teaches. */
type Quirks = Pick<ModelParameters, 'maxTokensField' | 'systemRole' | 'streamUsage'>;

interface Lesson {
  /** How the server refuses. */
  says: RegExp;
  /** What to send in place of it. */
  means: Quirks;
}

const LESSONS: readonly Lesson[] = [
  { says: /max_completion_tokens\W+instead/i, means: { maxTokensField: 'max_completion_tokens' } },
  {
    says: /max_completion_tokens\b.*(not|n't|un\w*|extra|forbidden)\b|(not|un\w+|extra)\b.*\bmax_completion_tokens/i,
    means: { maxTokensField: 'max_tokens' },
  },
  // OpenAI's and Azure's words, those of the chat templates of Gemma and Mistral, and Google's.
  {
    says: /\brole\b.{0,20}does not support ['"`]?system|system['"`]? (role|messages?|instructions?|prompts?) (is |are )?(not|un)\s?supported|(developer|system) instruction is not enabled|does(n't| not) support (the )?system (role|prompt|message)/i,
    means: { systemRole: 'user' },
  },
  {
    says: /stream_options\b.*(not|n't|un\w*|extra|additional|forbidden|invalid)\b|(not|un\w+|extra|additional|forbidden|invalid)\b.*\bstream_options/i,
    means: { streamUsage: false },
  },
];
const REFUSED: ReadonlySet<number | undefined> = new Set([400, 422]);
const MAX_MODELS = 1_000;

/** Remembers the quirks of servers, by address and model. What a model's owner has set stays as it is. */
export class ServerQuirks {
  private readonly known = new LRUCache<string, Quirks>({ max: MAX_MODELS });

  /** The model as its server wants to be asked, by what is known so far. */
  apply(model: ModelSettings): ModelSettings {
    const quirks = this.known.get(keyOf(model));

    return quirks ? { ...model, parameters: { ...quirks, ...model.parameters } } : model;
  }

  /** Learns from a refusal. @returns whether the same request is worth another try now */
  learn(model: ModelSettings, error: unknown): boolean {
    if (!(error instanceof ProviderError) || !REFUSED.has(error.providerStatus)) return false;
    const before = this.known.get(keyOf(model)) ?? {};
    const set = { ...before, ...model.parameters };
    const lesson = LESSONS.find(({ says, means }) => says.test(error.message) && isNew(means, set));
    if (!lesson) return false;
    this.known.set(keyOf(model), { ...before, ...lesson.means });

    return true;
  }
}

function isNew(means: Quirks, set: Quirks): boolean {
  return Object.keys(means).every((name) => set[name as keyof Quirks] === undefined);
}

const keyOf = ({ provider, baseUrl, modelId }: ModelSettings) => JSON.stringify([provider, baseUrl, modelId]);
