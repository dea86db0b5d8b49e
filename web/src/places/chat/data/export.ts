import { fetchApi } from '../../../api/client';

export const EXPORT_FORMATS = ['markdown', 'json', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const EXTENSIONS: Record<ExportFormat, string> = { markdown: 'md', json: 'json', ndjson: 'ndjson' };

/** Saves a conversation as a file. @throws ApiProblem */
export async function downloadExport(taskId: number, format: ExportFormat): Promise<void> {
  const address = new URL(`/api/tasks/${taskId}/export?format=${format}`, window.location.origin);
  const response = await fetchApi(new Request(address));
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = `conversation-${taskId}.${EXTENSIONS[format]}`;
  link.click();
  URL.revokeObjectURL(url);
}

/** The events of an answer as they were sent, one a line. @throws ApiProblem */
export async function readEvents(taskId: number, streamId: number | null, signal: AbortSignal): Promise<string> {
  const address = new URL(`/api/direct-chat/${taskId}/stream`, window.location.origin);
  if (streamId !== null) address.searchParams.set('subtask_id', String(streamId));
  const response = await fetchApi(new Request(address, { signal, headers: { accept: 'text/event-stream' } }));
  const text = await response.text();

  return text
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trim())
    .join('\n');
}
