import chat from './chat.json';
import common from './common.json';
import conversations from './conversations.json';
import layout from './layout.json';
import ui from './ui.json';

/** What the page begins with. */
export const texts = { chat, common, conversations, layout, ui };
