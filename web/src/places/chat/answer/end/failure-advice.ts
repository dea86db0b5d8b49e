/** What a failed answer needs: the same question again, another model, another setting, or a person. */
export interface FailureAdvice {
  /** Key of the sentence below `failure.`; codes that say the same share one. */
  text: string;
  /** Whether asking again makes sense. */
  canRetry: boolean;
  /** Where the cause can be changed. */
  place: '/models' | '/teams' | '/shells' | '/settings' | null;
}

const advice = (text: string, canRetry: boolean, place: FailureAdvice['place'] = null): FailureAdvice => ({
  text,
  canRetry,
  place,
});

const ADVICE: Readonly<Record<string, FailureAdvice>> = {
  provider_auth: advice('auth', false, '/models'),
  provider_not_found: advice('notFound', false, '/models'),
  provider_bad_request: advice('badRequest', false, '/models'),
  provider_blocked: advice('blocked', false, '/models'),
  provider_protocol: advice('protocol', false, '/models'),
  model_not_configured: advice('notConfigured', false, '/teams'),
  context_too_long: advice('tooLong', false),
  provider_rate_limited: advice('rateLimited', true, '/models'),
  provider_overloaded: advice('overloaded', true),
  provider_unavailable: advice('unavailable', true, '/models'),
  provider_timeout: advice('timeout', true),
  provider_idle_timeout: advice('silent', true),
  provider_truncated: advice('truncated', true),
  worker_lost: advice('workerLost', true),
  executor_lost: advice('executorLost', true),
  executor_failed: advice('executorFailed', true),
  executor_image_unusable: advice('executorImage', false, '/shells'),
  shell_not_available: advice('shell', false, '/shells'),
  dify_app_unavailable: advice('appOff', false, '/models'),
  dify_input_invalid: advice('inputs', false),
  service_unavailable: advice('busy', true),
  internal: advice('internal', true),
};

/** What to say of an error. @param isRetryable by its event: it decides where the code is not known */
export function adviceFor(code: string, isRetryable: boolean): FailureAdvice {
  const known = Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined;
  if (!known) return advice('other', isRetryable);

  return { ...known, canRetry: known.canRetry || isRetryable };
}
