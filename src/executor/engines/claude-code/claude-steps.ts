/** Calls of tools as steps of the answer. */
import type { Step } from '../../../common/contracts/chat-event.js';
import { cut, truncateDetail } from '../../../common/text/detail.js';
import { asObject, asText, isJsonObject, type JsonObject } from '../../../common/text/json.js';
import { MAX_DETAIL } from '../step-detail.js';

const MAX_TITLE = 120;
/** The argument that tells most about a call. */
const MAIN_ARGUMENTS = [
  ...[
    'description',
    'command',
    'file_path',
    'notebook_path',
    'pattern',
    'path',
    'query',
    'url',
    'skill',
    'name',
    'prompt',
  ],
] as const;
/** Of these the argument says more than the description. */
const COMMAND_TOOLS = new Set(['Bash']);

interface OpenCall {
  step: Step;
  startedAt: number;
}

/** The calls of one run, by their ids. */
export class ClaudeSteps {
  private readonly open = new Map<string, OpenCall>();

  /** A call that begins. @param parentId the call of the sub-agent that makes it */
  begin(block: JsonObject, parentId: string | undefined): Step | null {
    const id = asText(block['id']);
    if (id === undefined) return null;
    const name = asText(block['name']) ?? 'tool';
    const input = asObject(block['input']) ?? {};
    const known = this.open.get(id);
    const step: Step = {
      ...{ step_id: id, kind: 'tool', title: titleOf(name, input), status: 'running', node_type: name },
      ...(parentId !== undefined && { parent_id: parentId }),
      ...(Object.keys(input).length > 0 && { detail: { input: truncateDetail(input, MAX_DETAIL) } }),
    };
    this.open.set(id, { step, startedAt: known?.startedAt ?? Date.now() });

    return step;
  }

  /** The result of a call. @returns null for a call that is not known */
  end(block: JsonObject): Step | null {
    const id = asText(block['tool_use_id']);
    const call = id === undefined ? undefined : this.open.get(id);
    if (id === undefined || !call) return null;
    this.open.delete(id);
    const result = textOf(block['content']);
    const isError = block['is_error'] === true;

    return {
      ...call.step,
      status: isError ? 'failed' : 'succeeded',
      elapsed_ms: Date.now() - call.startedAt,
      ...(result !== '' && { detail: { ...call.step.detail, result: cut(result, MAX_DETAIL) } }),
      ...(isError && { error: cut(result || 'The tool has failed', MAX_DETAIL) }),
    };
  }
}

function titleOf(name: string, input: JsonObject): string {
  const names = COMMAND_TOOLS.has(name) ? ['command'] : MAIN_ARGUMENTS;
  const argument = names.map((each) => asText(input[each])).find((text) => text !== undefined);
  const [line = ''] = (argument ?? '').trim().split('\n', 1);
  const server = /^mcp__(.+?)__(.+)$/.exec(name);
  const tool = server ? `${server[2] ?? ''} (${server[1] ?? ''})` : name;

  return cutTitle(line === '' ? tool : `${tool}: ${line}`);
}

const cutTitle = (title: string) =>
  title.length > MAX_TITLE
    ? `${Array.from(title)
        .slice(0, MAX_TITLE - 1)
        .join('')}…`
    : title;

/** The text of a result: a string, or blocks, of which images are only named. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';

  return content
    .filter(isJsonObject)
    .map((block) => asText(block['text']) ?? `[${asText(block['type']) ?? 'block'}]`)
    .join('\n');
}
