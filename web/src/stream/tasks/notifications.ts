import { preferences } from '../../ui/preferences';

/** Shows a notification of the system, if the reader has asked for them. @param onClick opens the conversation */
export function notify(title: string, body: string, onClick: () => void): void {
  const isWanted = preferences().hasNotifications;
  if (!isWanted || !('Notification' in window) || Notification.permission !== 'granted') return;
  const notification = new Notification(title, { body, icon: '/favicon.svg' });
  notification.onclick = () => {
    window.focus();
    notification.close();
    onClick();
  };
}
