import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../../api/client';
import { showProblem } from '../../../ui/problems/show-problem';
import { readDraft, writeDraft } from '../data/memory';
import { uploadFile } from '../data/upload-file';

/** Files that a question carries: chosen, pasted or dropped. */
export function useAttachments(taskId: number | null, botId: number | null, rules: Schemas['QuestionFilesDto'] | null) {
  const { t } = useTranslation('chat');
  const [uploading, setUploading] = useState<readonly string[]>([]);
  const canAttach = rules !== null && botId !== null && takesUploads(rules);
  const limit = rules && rules.number_limits > 0 ? rules.number_limits : Infinity;

  const upload = useCallback(
    async (file: File): Promise<void> => {
      setUploading((before) => [...before, file.name]);
      try {
        const uploaded = await uploadFile(botId, file);
        writeDraft(taskId, { files: [...readDraft(taskId).files, uploaded] });
      } catch (error) {
        showProblem(
          new Error(
            t('files.failed', { name: file.name, reason: String(error instanceof Error ? error.message : error) }),
          ),
        );
      } finally {
        setUploading((before) => before.toSpliced(before.indexOf(file.name), 1));
      }
    },
    [taskId, botId, t],
  );
  const add = useCallback(
    (files: readonly File[]) => {
      const room = limit - readDraft(taskId).files.length;
      if (files.length > room) showProblem(new Error(t('files.tooMany', { count: limit })));
      for (const file of files.slice(0, Math.max(0, room))) void upload(file);
    },
    [taskId, limit, upload, t],
  );

  return { canAttach, add, uploading };
}

const takesUploads = ({ allowed_file_upload_methods: methods }: Schemas['QuestionFilesDto']) =>
  methods.length === 0 || methods.includes('local_file');
