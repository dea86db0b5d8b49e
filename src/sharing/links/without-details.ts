import type { MessageEvent } from '@nestjs/common';
import { isJsonObject, parseObject } from '../../common/text/json.js';

/** Removes inputs and outputs from a step of an app: they can contain its prompts. */
export function withoutDetails<Step extends { detail?: unknown }>({
  detail: _detail,
  ...step
}: Step): Omit<Step, 'detail'> {
  return step;
}

/** Removes the details of steps from an event of a chat stream. Most events are tokens, and not parsed. */
export function hideDetails(message: MessageEvent): MessageEvent {
  const { data } = message;
  if (typeof data !== 'string' || !/^\{"type":"(step|resync)"/.test(data)) return message;
  const event = parseObject(data);
  if (!event) return message;
  const { steps } = event;
  const shown = Array.isArray(steps) ? { ...event, steps: steps.filter(isJsonObject).map(withoutDetails) } : event;

  return { ...message, data: JSON.stringify(withoutDetails(shown)) };
}
