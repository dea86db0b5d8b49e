import { asText, isJsonObject, type JsonObject } from '../../common/text/json.js';
import { withoutParams } from '../../common/text/prompt.js';
import type { SubtaskResult } from '../../infra/database/schema/schema.js';
import type { ExportedTaskDto } from '../../tasks/tasks.dto.js';
import type { SubtaskRow } from '../../tasks/turns/answer-turn.js';

/** Returns the beginning of a conversation in Markdown. */
export function markdownHead(task: ExportedTaskDto): string {
  const facts = [
    ['Team', task.team_name ?? 'deleted'],
    ['Created', task.created_at],
    ['Last activity', task.updated_at],
    ['Status', task.status],
  ];

  return `# ${oneLine(task.title)}\n\n${facts.map(([name, value]) => `- ${name}: ${oneLine(value ?? '')}\n`).join('')}`;
}

/** Returns a question or an answer in Markdown, with an empty line before it. */
export function markdownMessage(message: SubtaskRow): string {
  const time = message.createdAt.toISOString();
  if (message.role === 'USER') return `\n---\n\n## Question (${time})\n\n${withoutParams(message.prompt).trim()}\n`;
  const { result } = message;
  const model = asText(result?.['model']);
  const who = model === undefined ? '' : `${oneLine(model)}, `;

  return [`\n## Answer (${who}${time})\n`, ...partsOf(result), ...endOf(message)].join('\n');
}

/** Executors may send anything beside the text. */
function* partsOf(result: SubtaskResult | null): Generator<string> {
  const value = asText(result?.value)?.trim() ?? '';
  const reasoning = asText(result?.reasoning)?.trim() ?? '';
  if (reasoning !== '') {
    // The end tag alone could end the block early.
    const text = reasoning.replace(/<(?=\/?details|\/?summary)/gi, '&lt;');
    yield `<details>\n<summary>Reasoning</summary>\n\n${text}\n\n</details>\n`;
  }
  if (value !== '') yield `${value}\n`;
  yield* listOf('Sources', result?.['sources'], ({ title, url }) => link(asText(title) ?? '', asText(url)));
  yield* listOf('Files', result?.['files'], ({ name, kind, url }) =>
    link(asText(name) ?? asText(kind) ?? '', asText(url)),
  );
}

function* endOf({ status, errorMessage }: SubtaskRow): Generator<string> {
  if (status === 'COMPLETED') return;
  const reason = errorMessage ? `: ${oneLine(errorMessage)}` : '';
  yield `> ${status}${reason}\n`;
}

function* listOf(name: string, value: unknown, line: (item: JsonObject) => string): Generator<string> {
  const items = Array.isArray(value) ? value.filter(isJsonObject) : [];
  if (items.length > 0) yield `**${name}**\n\n${items.map((item) => `- ${line(item)}\n`).join('')}`;
}

/** Only web addresses become links: files can be megabytes of `data:` URL. */
function link(title: string, url: string | undefined): string {
  const text = oneLine(title).replace(/[\\[\]]/g, '\\$&');
  const isWeb = url !== undefined && /^https?:\/\//i.test(url);

  return isWeb ? `[${text}](<${url.replace(/[<>\s]/g, encodeURIComponent)}>)` : text;
}

const oneLine = (text: string) => text.trim().replace(/\s+/g, ' ');
