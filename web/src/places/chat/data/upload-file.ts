import { ApiProblem } from '../../../api/api-problem';
import { fetchApi, type Schemas } from '../../../api/client';
import type { DraftFile } from './memory';

/** Uploads a file to the app of a bot. @throws ApiProblem when the app refuses it, or there is no app */
export async function uploadFile(botId: number | null, file: File): Promise<DraftFile> {
  if (botId === null) throw new ApiProblem(0, 'no_app', 'This team takes no files.');
  const form = new FormData();
  form.append('bot_id', String(botId));
  form.append('file', file, file.name);
  const address = new URL('/api/dify/files', window.location.origin);
  const response = await fetchApi(new Request(address, { method: 'POST', body: form }));
  const { id, type, name, size } = (await response.json()) as Schemas['UploadedFileDto'];

  return { id, type, name, size };
}
