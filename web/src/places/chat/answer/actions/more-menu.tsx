import { Menu } from '@mantine/core';
import { IconBraces, IconDeviceMobile, IconDots, IconDownload, IconStethoscope } from '@tabler/icons-react';
import { lazy, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { LazyPart } from '../../../../ui/problems/lazy-part';
import { showProblem } from '../../../../ui/problems/show-problem';
import { downloadExport, EXPORT_FORMATS, type ExportFormat } from '../../data/export';
import { useThread } from '../../thread/thread-context';
import { IconButton } from '../../../../ui/icon-button';

const AnswerDialog = lazy(() =>
  import('./answer-dialog').then(({ AnswerDialog: component }) => ({ default: component })),
);

export type DialogName = 'events' | 'diagnosis' | 'link';

/** The rarer actions of an answer. */
export function MoreMenu({ streamId }: { streamId: number | null }) {
  const { t } = useTranslation('chat');
  const { taskId } = useThread();
  const [dialog, setDialog] = useState<DialogName | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setDialog(null);
    // After the dialog, which keeps the focus, has gone.
    setTimeout(() => button.current?.focus());
  };
  const save = (format: ExportFormat) => {
    downloadExport(taskId, format).catch(showProblem);
  };

  return (
    <>
      <Menu position="top-start" returnFocus>
        <Menu.Target>
          <IconButton ref={button} label={t('actions.more')} icon={IconDots} size="sm" />
        </Menu.Target>
        <Menu.Dropdown>
          {EXPORT_FORMATS.map((format) => (
            <Menu.Item key={format} leftSection={<IconDownload size={16} stroke={1.6} />} onClick={() => save(format)}>
              {t(`export.${format}`)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconBraces size={16} stroke={1.6} />} onClick={() => setDialog('events')}>
            {t('events.title')}
          </Menu.Item>
          <Menu.Item leftSection={<IconStethoscope size={16} stroke={1.6} />} onClick={() => setDialog('diagnosis')}>
            {t('diagnosis.title')}
          </Menu.Item>
          <Menu.Item leftSection={<IconDeviceMobile size={16} stroke={1.6} />} onClick={() => setDialog('link')}>
            {t('link.title')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog && (
        <LazyPart>
          <AnswerDialog name={dialog} taskId={taskId} streamId={streamId} onClose={close} />
        </LazyPart>
      )}
    </>
  );
}
