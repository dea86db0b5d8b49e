/** `on` when the reader wants to be told of answers that end while the page is hidden. */
export const NOTIFY_SETTING = 'conch-notify';

/** Shows a notification of the system, if the reader has asked for them. @param onClick opens the conversation */
export function notify(title: string, body: string, onClick: () => void): void {
  if (!('Notification' in window) || Notification.permission !== 'granted' || !isWanted()) return;
  const notification = new Notification(title, { body, icon: '/favicon.svg' });
  notification.onclick = () => {
    window.focus();
    notification.close();
    onClick();
  };
}

function isWanted(): boolean {
  try {
    return localStorage.getItem(NOTIFY_SETTING) === 'on';
  } catch {
    return false;
  }
}
