import { Button, Group, Modal, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { FormProblem } from './form-problem';
import { useReturnFocus } from './use-return-focus';

interface Props {
  title: string;
  children: ReactNode;
  submitLabel: string;
  isPending: boolean;
  /** False keeps the button off. */
  canSubmit?: boolean;
  error: unknown;
  size?: string;
  /** What else can be done, at the left of the buttons. */
  extra?: ReactNode;
  onSubmit: () => void;
  onClose: () => void;
}

/** A form over the page. Enter in a field submits it; a click beside it does not close it, as text would be lost. */
export function FormDialog(props: Props) {
  const { title, children, submitLabel, isPending, canSubmit = true, error, size = 'lg', extra, onSubmit } = props;
  const { t } = useTranslation('ui');
  useReturnFocus();

  return (
    <Modal
      opened
      onClose={props.onClose}
      title={title}
      size={size}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (canSubmit && !isPending) onSubmit();
        }}
      >
        <Stack gap="md">
          {children}
          <FormProblem error={error} />
          <Group justify="space-between" gap="sm">
            <div>{extra}</div>
            <Group gap="sm">
              <Button variant="default" onClick={props.onClose}>
                {t('cancel')}
              </Button>
              <Button type="submit" loading={isPending} disabled={!canSubmit}>
                {submitLabel}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
