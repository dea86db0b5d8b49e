import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Chromium must not look for its maker's servers: there may be no network. */
const ARGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-default-apps'],
];
/** A busy machine renders late. */
const TIMEOUT_MS = 60_000;
const DESK = { width: 1280, height: 800 };
/** A document of the same origin without a script: a tab that waits there keeps its process and what it has compiled. */
const RESTING_PLACE = '/favicon.svg';

export interface ReaderOptions extends BrowserContextOptions {
  /** Requests that the test breaks, or refusals that it expects: their console errors are no flaws. */
  expectedErrors?: RegExp;
}

/** A person with a browser of their own: storage and cookies are shared by their tabs alone. */
export class Reader {
  /** What no page may do: errors in the console, uncaught errors, requests to another host. */
  readonly flaws: string[] = [];
  /** Tabs that `rest` has left open. */
  private readonly resting: Page[] = [];

  private constructor(
    readonly context: BrowserContext,
    private readonly url: string,
    private readonly expectedErrors: RegExp | undefined,
  ) {}

  static async come(browser: Browser, url: string, options: ReaderOptions = {}): Promise<Reader> {
    const { expectedErrors, ...rest } = options;
    const context = await browser.newContext({ locale: 'en-GB', viewport: DESK, ...rest });
    context.setDefaultTimeout(TIMEOUT_MS);
    const reader = new Reader(context, url, expectedErrors);
    context.on('page', (page) => reader.watch(page));
    context.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== url) reader.flaws.push(`request to ${request.url()}`);
    });

    return reader;
  }

  /** A tab that shows nothing of the page yet. */
  async newTab(): Promise<Page> {
    return this.resting.shift() ?? (await this.context.newPage());
  }

  /** Opens a place in a new tab. */
  async open(path = '/'): Promise<Page> {
    const page = await this.newTab();
    await page.goto(this.url + path);

    return page;
  }

  /**
   * Forgets everything but the files of the page, as a new person does: what the tabs show and keep, cookies,
   * permissions. The page loads in a tab that rests in a third of the time of a new one.
   */
  async rest(): Promise<void> {
    const { context } = this;
    await context.setOffline(false);
    const tabs = context.pages();
    for (const tab of tabs) {
      await tab.unrouteAll({ behavior: 'ignoreErrors' });
      await tab.goto(this.url + RESTING_PLACE);
      await tab.setViewportSize(DESK);
      await tab.emulateMedia({ colorScheme: null, reducedMotion: null });
    }
    for (const tab of tabs) await tab.evaluate('localStorage.clear(); sessionStorage.clear()');
    await context.clearCookies();
    await context.clearPermissions();
    this.resting.splice(0, Infinity, ...tabs);
  }

  leave(): Promise<void> {
    return this.context.close();
  }

  private watch(page: Page): void {
    page.on('pageerror', (error) => this.flaws.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      const text = `${message.text()} ${message.location().url}`;
      if (message.type() === 'error' && !this.expectedErrors?.test(text)) this.flaws.push(`console: ${text}`);
    });
  }
}

/** Starts the browser that `npm test` has found. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ARGS });
}
