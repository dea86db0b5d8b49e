import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import i18next from 'i18next';
import { ApiProblem } from '../../api/api-problem';

interface Action {
  label: string;
  run: () => void;
}

/** Shows why something failed: the sentence of the server, the id of the request, and what can be done. */
export function showProblem(error: unknown, action?: Action): void {
  const requestId = error instanceof ApiProblem ? error.requestId : null;
  const id = notifications.show({
    color: 'red',
    autoClose: 12_000,
    message: (
      <>
        <div>{error instanceof Error ? error.message : String(error)}</div>
        {requestId && <small>{i18next.t('requestId', { id: requestId })}</small>}
        {action && (
          <div>
            <Button
              variant="subtle"
              size="compact-sm"
              onClick={() => {
                notifications.hide(id);
                action.run();
              }}
            >
              {action.label}
            </Button>
          </div>
        )}
      </>
    ),
  });
}
