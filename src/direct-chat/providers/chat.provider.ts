import { AppError } from '../../common/app-error.js';
import type { ProviderEvent } from '../../common/contracts/chat-event.js';
import type {
  ChatProvider,
  ChatRequest,
  ModelRequest,
  ModelSettings,
  TokenMeter,
} from '../../common/contracts/chat-provider.js';
import type { ProviderHttp, ProviderPost, ProviderResponse } from '../../infra/http/client/provider-http.js';
import {
  type AnswerCall,
  AnswerIterator,
  type AnswerParts,
  type OpenAnswer,
} from '../../infra/provider-stream/answer-iterator.js';
import type { AnswerMapper } from '../../infra/provider-stream/event-batch.js';
import { AnswerReader } from '../../infra/provider-stream/answer-reader.js';
import { ClaudeEvents } from './claude/claude.events.js';
import { claudeRequest } from './claude/claude.request.js';
import { UnknownShapes } from './dialects/unknown-shapes.js';
import { errorFromStatus, type ErrorSource } from './error-mapping.js';
import { secretsOf } from '../../infra/provider-stream/provider-error.js';
import { OpenaiEvents } from './openai/openai.events.js';
import { openaiRequest } from './openai/openai.request.js';
import type { ModelPost } from './request-parts.js';
import { ServerQuirks } from './server-quirks.js';
import { ProviderTimeouts, type ProviderTimeoutLimits } from '../../infra/provider-stream/provider-timeouts.js';
import { abortableSleep, retryDelay } from '../../infra/provider-stream/retry.js';

/** State of one call. */
interface Call extends AnswerCall {
  stopped: boolean;
  model: ModelSettings;
  source: ErrorSource;
  timeouts: ProviderTimeouts;
  /** Reads the reply of the current attempt. */
  reader: AnswerReader | null;
  meter: TokenMeter | undefined;
}

/** Deadlines of an answer. */
export interface ChatProviderLimits extends ProviderTimeoutLimits {
  /** Silence that ends an answer whose end was announced, though its stream goes on. */
  endSilenceMs: number;
}

/** Streams the answers of Claude and OpenAI-compatible APIs, for bots of the shell `Chat`. */
export class ChatShellProvider implements ChatProvider {
  readonly shellType = 'Chat';
  private readonly shapes = new UnknownShapes();
  private readonly quirks = new ServerQuirks();

  constructor(
    private readonly http: ProviderHttp,
    private readonly limits: ChatProviderLimits,
    private readonly delayBefore: typeof retryDelay = retryDelay,
  ) {}

  /** Streams an answer. Ends only when its socket is closed or, after a complete answer, back in the pool. */
  stream({ model, ...turn }: ChatRequest, signal: AbortSignal): AsyncIterable<readonly ProviderEvent[]> {
    return {
      [Symbol.asyncIterator]: () => {
        if (!model) throw new AppError('model_not_configured', 'There is no model to ask');
        const request = { ...turn, model };
        const post = this.postOf(request);
        const call = this.prepare(request, post.url, signal);

        return new AnswerIterator(call, () => this.open(call, request, post));
      },
    };
  }

  /** The request as the model's server wants it. */
  private postOf(request: ModelRequest): ModelPost {
    return toPost({ ...request, model: this.quirks.apply(request.model) });
  }

  private prepare({ model, meter }: ModelRequest, url: URL, signal: AbortSignal): Call {
    const source = { provider: model.provider, host: url.host, secrets: secretsOf(model), ...addedPath(model, url) };
    const controller = new AbortController();
    const stop = (reason: unknown) => {
      call.stopped = true;
      controller.abort(reason);
    };
    const onAbort = () => stop(signal.reason);
    const timeouts = new ProviderTimeouts(this.limits, (error) => {
      if (!call.reader?.endIfWhole()) stop(error);
    });
    const dispose = () => {
      timeouts.stop();
      signal.removeEventListener('abort', onAbort);
    };
    const call: Call = {
      ...{ model, source, timeouts, reader: null, meter },
      ...{ signal: controller.signal, stopped: false, dispose },
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();

    return call;
  }

  /** Opens the answer, with retries before its first event: in another form, if the server wants one. */
  private async open(call: Call, request: ModelRequest, first: ModelPost): Promise<OpenAnswer> {
    let post = first;
    const startedAt = performance.now();
    call.signal.throwIfAborted();
    for (let retries = 0; ; retries++) {
      try {
        return await this.attempt(call, post);
      } catch (error) {
        call.timeouts.endAttempt();
        call.signal.throwIfAborted();
        if (this.quirks.learn(call.model, error)) {
          post = this.postOf(request);
          continue;
        }
        const elapsedMs = performance.now() - startedAt;
        await abortableSleep(this.delayBefore(error, { retries, elapsedMs }), call.signal);
      }
    }
  }

  private async attempt(call: Call, post: ProviderPost): Promise<OpenAnswer> {
    call.timeouts.startAttempt();
    const response = await this.http.post(post, call.signal);
    try {
      if (response.status < 200 || response.status >= 300) throw await statusError(response, call.source);
      const mapper = this.newMapper(call);
      if (call.meter) call.meter.read = () => mapper.usage;
      const reader = new AnswerReader(response.body, mapper, call.timeouts, 'events', this.limits.endSilenceMs);
      call.reader = reader;
      // A failure before the first event may be retried.
      await new Promise<void>((resolve) => reader.whenReady(resolve));
      if (reader.failure && !reader.hasParts) throw reader.failure.reason;

      return answerOf(response, reader);
    } catch (error) {
      await response.close();
      throw error;
    }
  }

  private newMapper({ model, source }: Call): AnswerMapper {
    const { thinkTag, extraBody } = model.parameters;
    const whose = { provider: model.provider, model: model.name, host: source.host };
    const report = (where: string, value: unknown) => this.shapes.report(whose, where, value);
    if (model.provider === 'claude') return new ClaudeEvents(source, thinkTag, report);

    return new OpenaiEvents(source, thinkTag, report, Number(extraBody?.['n']) > 1);
  }
}

function toPost(request: ModelRequest): ModelPost {
  const { model } = request;
  if (!model.apiKey && model.baseUrl === null && Object.keys(model.headers).length === 0) {
    throw new AppError('model_not_configured', `Model ${model.name} has no API key and no base URL`);
  }
  return model.provider === 'claude' ? claudeRequest(request) : openaiRequest(request);
}

/** The path of a call to a base URL that has none of its own. */
function addedPath({ baseUrl }: ModelSettings, { pathname }: URL): Pick<ErrorSource, 'addedPath'> {
  const isBare = baseUrl !== null && new URL(baseUrl).pathname === '/';

  return isBare ? { addedPath: pathname } : {};
}

async function statusError(response: ProviderResponse, source: ErrorSource): Promise<AppError> {
  return errorFromStatus(response.status, response.headers, await response.readError(), source);
}

function answerOf(response: ProviderResponse, parts: AnswerParts): OpenAnswer {
  return { parts, release: () => response.release(), close: () => response.close() };
}
