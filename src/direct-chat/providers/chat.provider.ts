/** Answers turns of bots whose shell is `Chat` straight from Claude or an OpenAI-compatible API. */
import { AppError } from '../../common/app-error.js';
import type { ProviderEvent } from '../../common/chat-event.js';
import type { ChatProvider, ChatRequest, ModelSettings } from '../../common/chat-provider.js';
import { readText } from '../../infra/http/provider-http.body.js';
import type { ProviderHttp, ProviderPost, ProviderResponse } from '../../infra/http/provider-http.js';
import type { AnswerMapper } from './answer-mapper.js';
import { AnswerReader } from './answer-reader.js';
import { ClaudeEvents } from './claude.events.js';
import { claudeRequest } from './claude.request.js';
import { errorFromStatus, type ErrorSource } from './error-mapping.js';
import { secretsOf } from './error-text.js';
import { EventBatch } from './event-batch.js';
import { parseJson } from './json.js';
import { OpenaiEvents } from './openai.events.js';
import { openaiRequest } from './openai.request.js';
import { ProviderTimeouts, type ProviderTimeoutLimits } from './provider-timeouts.js';
import { abortableSleep, retryDelay } from './retry.js';
import { MAX_EVENT_LENGTH } from './sse-reader.js';

/** One turn on its way: what every step of it needs. */
interface Call {
  model: ModelSettings;
  post: ProviderPost;
  source: ErrorSource;
  /** Aborted by the caller or by a deadline, whichever comes first. */
  signal: AbortSignal;
  timeouts: ProviderTimeouts;
  /** Takes back timers and listeners. */
  dispose(): void;
}

/** A reply that has begun to answer, so that nothing may be retried any more. */
interface Answer {
  response: ProviderResponse;
  first: readonly ProviderEvent[] | null;
  next(): Promise<readonly ProviderEvent[] | null>;
}

export class ChatShellProvider implements ChatProvider {
  readonly shellType = 'Chat';

  constructor(
    private readonly http: ProviderHttp,
    private readonly limits: ProviderTimeoutLimits,
    private readonly delayBefore: typeof retryDelay = retryDelay,
  ) {}

  /** Settles only when its socket is closed or, after a whole answer, back in the pool. */
  async *stream(request: ChatRequest, signal: AbortSignal): AsyncGenerator<readonly ProviderEvent[], void, undefined> {
    signal.throwIfAborted();
    const call = this.prepare(request, signal);
    let answer: Answer | undefined;
    let whole = false;
    try {
      answer = await this.open(call);
      for (let batch = answer.first; batch; batch = await answer.next()) {
        signal.throwIfAborted();
        yield batch;
      }
      whole = true;
    } catch (error) {
      // Whatever the abort broke on its way, its reason is what happened.
      call.signal.throwIfAborted();
      throw error;
    } finally {
      call.dispose();
      if (whole) answer?.response.release();
      else await answer?.response.close();
    }
  }

  private prepare(request: ChatRequest, signal: AbortSignal): Call {
    const { model } = request;
    const post = toPost(request);
    const source = { provider: model.provider, host: new URL(post.url).host, secrets: secretsOf(model) };
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timeouts = new ProviderTimeouts(this.limits, (error) => controller.abort(error));
    const dispose = () => {
      timeouts.stop();
      signal.removeEventListener('abort', onAbort);
    };

    return { model, post, source, timeouts, signal: controller.signal, dispose };
  }

  /** Attempts until one brings a first event. */
  private async open(call: Call): Promise<Answer> {
    const startedAt = performance.now();
    for (let retries = 0; ; retries++) {
      try {
        return await this.attempt(call);
      } catch (error) {
        call.timeouts.endAttempt();
        call.signal.throwIfAborted();
        const elapsedMs = performance.now() - startedAt;
        await abortableSleep(this.delayBefore(error, { retries, elapsedMs }), call.signal);
      }
    }
  }

  private async attempt(call: Call): Promise<Answer> {
    call.timeouts.startAttempt();
    const response = await this.http.post(call.post, call.signal);
    try {
      if (response.status < 200 || response.status >= 300) throw await statusError(response, call.source);
      const mapper = newMapper(call);
      if (isJson(response)) return await readWhole(response, mapper, call.source);
      if (isHtml(response)) throw protocolError(call.source, 'a web page in place of an answer; check the base URL');
      const reader = new AnswerReader(response.body, mapper, call.timeouts);
      return { response, first: await reader.next(), next: () => reader.next() };
    } catch (error) {
      await response.close();
      throw error;
    }
  }
}

function toPost(request: ChatRequest): ProviderPost {
  const { model } = request;
  if (!model.apiKey && model.baseUrl === null && Object.keys(model.headers).length === 0) {
    throw new AppError('model_not_configured', `Model ${model.name} has no API key and no base URL`);
  }
  return model.provider === 'claude' ? claudeRequest(request) : openaiRequest(request);
}

function newMapper({ model, source }: Call): AnswerMapper {
  if (model.provider === 'claude') return new ClaudeEvents(source);
  return new OpenaiEvents(source, model.parameters.thinkTag);
}

async function statusError(response: ProviderResponse, source: ErrorSource): Promise<AppError> {
  return errorFromStatus(response.status, response.headers, await response.readError(), source);
}

/** Gateways exist that ignore `stream: true` and send the answer, or an error with status 200, as one JSON text. */
async function readWhole(response: ProviderResponse, mapper: AnswerMapper, source: ErrorSource): Promise<Answer> {
  const { text, complete } = await readText(response.body, { maxBytes: MAX_EVENT_LENGTH });
  const reply = parseJson(text.trim());
  if (!complete || reply === undefined) throw protocolError(source, 'a JSON reply that is cut off or malformed');
  const batch = new EventBatch();
  mapper.pushWhole(reply, batch);

  return { response, first: batch.take(), next: () => Promise.resolve(null) };
}

function isJson(response: ProviderResponse): boolean {
  return /^application\/([\w.-]+\+)?json\b/i.test(response.headers['content-type'] ?? '');
}

function isHtml(response: ProviderResponse): boolean {
  return /^(text\/html|application\/xhtml)/i.test(response.headers['content-type'] ?? '');
}

function protocolError(source: ErrorSource, what: string): AppError {
  return new AppError('provider_protocol', `${source.host} sent ${what}`);
}
