import type { Locator, Page } from 'playwright-core';
import type { Reader } from './browser.js';
import { eventually } from '../child.js';

/** The chat in one tab of a browser, as its reader uses it. */
export class ChatTab {
  private constructor(readonly page: Page) {}

  static async open(reader: Reader, path = '/'): Promise<ChatTab> {
    return ChatTab.of(await reader.open(path));
  }

  /** A tab that is about to show the chat. */
  static async of(page: Page): Promise<ChatTab> {
    const tab = new ChatTab(page);
    await tab.composer.waitFor();

    return tab;
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: 'Your question' });
  }

  /** The newest answer. */
  get answer(): Locator {
    return this.page.getByRole('article', { name: 'Answer' }).last();
  }

  /** The list beside the chat. */
  get list(): Locator {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }

  /** A conversation in the list, by its title. */
  row(title: string): Locator {
    return this.list.getByRole('link', { name: title });
  }

  /** Searches among all conversations. */
  search(text: string): Promise<void> {
    return this.page.getByRole('searchbox', { name: 'Search' }).fill(text);
  }

  /** Asks a question, in a new conversation where none is open. */
  async ask(question: string): Promise<void> {
    await this.composer.fill(question);
    await this.composer.press('Enter');
  }

  /** The open conversation, as soon as there is one. */
  async taskId(): Promise<number> {
    await this.page.waitForURL(/\/chat\/\d+/);

    return Number(/\/chat\/(\d+)/.exec(this.page.url())?.[1]);
  }

  stop(): Promise<void> {
    return this.page.getByRole('button', { name: 'Stop (Esc)' }).click();
  }

  /** The words of the newest answer that the simulator has generated: `w0 w1 …`. */
  async words(): Promise<string> {
    const text = (await this.answer.count()) === 0 ? '' : await this.answer.innerText();

    return (text.match(/\bw\d+\b/g) ?? []).join(' ');
  }

  /** Waits until the newest answer shows these words. */
  async untilWords(words: string): Promise<void> {
    let shown = '';
    await eventually(`the answer shows ${words.length} characters`, async () => {
      shown = await this.words();

      return shown === words;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; it shows "${shown}"`);
    });
  }

  /** Waits until the newest answer is complete. */
  untilComplete(): Promise<void> {
    return this.answer.getByRole('toolbar').waitFor();
  }

  /** Waits until the newest answer, or the page around it, says so. */
  says(text: string | RegExp): Promise<void> {
    return this.page.getByText(text).first().waitFor();
  }
}

/** The first words that the simulator generates. */
export const wordsUpTo = (count: number): string => Array.from({ length: count }, (_, index) => `w${index}`).join(' ');
