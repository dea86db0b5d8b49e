import { Anchor, Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { LoginForm } from './login-form';

/**
 * Asks for the password over what is open, when the session has ended. Nothing behind it is lost: drafts and forms stay,
 * and what could not be read is read again. Another user begins with a new page, as nothing here is theirs.
 */
export function ExpiredDialog({ userName }: { userName: string }) {
  const { t } = useTranslation('login');
  const client = useQueryClient();
  // It goes when there is a session again, from whichever tab.
  useEffect(() => () => void client.invalidateQueries(), [client]);

  return (
    <Modal
      opened
      onClose={() => undefined}
      title={t('expired')}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
      centered
      zIndex={500}
    >
      <Stack gap="md">
        <Text c="var(--text-soft)">{t('expiredText')}</Text>
        <LoginForm userName={userName} />
        <Anchor component="button" type="button" fz="sm" onClick={() => window.location.reload()}>
          {t('otherUser')}
        </Anchor>
      </Stack>
    </Modal>
  );
}
