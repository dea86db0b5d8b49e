/** A browser on a Conch of its own, and what its pages tell of themselves. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Lab } from './lab.js';
import type { Server } from './server.js';
import { startConch } from './servers.js';

/** Chromium must not look for its maker's servers. */
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
const TIMEOUT_MS = 120_000;

/**
 * Runs before the page: keeps its long tasks, the delays of keys, when the first token came from the wire, and when the
 * frame that shows it was ready.
 */
const PROBE = `(() => {
  const probe = (window.probe = { tasks: [], delays: [], arrived: null, shown: null });
  const watch = (type, options, keep) =>
    new PerformanceObserver((list) => list.getEntries().forEach(keep)).observe({ type, ...options });
  watch('longtask', {}, ({ startTime, duration }) => probe.tasks.push({ startTime, duration }));
  watch('event', { durationThreshold: 16 }, ({ name, startTime, processingStart }) => {
    if (name === 'keydown') probe.delays.push(processingStart - startTime);
  });
  const decode = TextDecoder.prototype.decode;
  TextDecoder.prototype.decode = function (...args) {
    const text = decode.apply(this, args);
    if (probe.arrived === null && /"content":"w0\\b/.test(text)) probe.arrived = performance.now();
    return text;
  };
  new MutationObserver(() => {
    if (probe.arrived === null || probe.shown !== null) return;
    const answer = document.querySelector('article');
    if (!answer || !/w0\\b/.test(answer.textContent)) return;
    probe.shown = 0;
    requestAnimationFrame(() => {
      const painted = new MessageChannel();
      painted.port1.onmessage = () => (probe.shown = performance.now());
      painted.port2.postMessage(null);
    });
  }).observe(document, { subtree: true, childList: true, characterData: true });
})()`;

/** Intervals of the frames in so many milliseconds. */
const FRAMES = `(ms) => new Promise((resolve) => {
  const intervals = [];
  let last = performance.now();
  const end = last + ms;
  requestAnimationFrame(function next(now) {
    intervals.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(next);
    else resolve(intervals);
  });
})`;

/** Compressed bytes of the scripts and style sheets that have come so far, and when the page was first painted. */
const LOADED = `() => {
  const sum = (pattern) => performance.getEntriesByType('resource')
    .filter(({ name }) => pattern.test(new URL(name).pathname))
    .reduce((bytes, { encodedBodySize }) => bytes + encodedBodySize, 0);
  const [paint] = performance.getEntriesByName('first-contentful-paint');
  return { js: sum(/\\.js$/), css: sum(/\\.css$/), paint: paint?.startTime ?? NaN, ready: performance.now() };
}`;

export interface Loaded {
  /** Bytes as they came over the wire. */
  js: number;
  css: number;
  /** Milliseconds since the navigation. */
  paint: number;
  ready: number;
}

/** One page, as a reader has it. */
export class BenchPage {
  private constructor(private readonly page: Page) {}

  /** Opens a path, and resolves when a question can be written and sent. */
  static async open(context: BrowserContext, address: string): Promise<BenchPage> {
    const page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    await page.goto(address);
    const opened = new BenchPage(page);
    await opened.until(`document.querySelector('form textarea') && document.querySelector('form input')?.value`);

    return opened;
  }

  loaded(): Promise<Loaded> {
    return this.call<Loaded>(LOADED);
  }

  /** Asks a question, and resolves when the answer shows its first token. */
  async ask(text: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Your question' }).fill(text);
    await this.page.keyboard.press('Enter');
    // The name of the model stands before it without a space.
    await this.until(`/w0\\b/.test([...document.querySelectorAll('article')].at(-1)?.textContent)`);
  }

  /** Types into the composer while something else goes on. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 80 });
  }

  /** Waits until the newest answer is complete. */
  async untilComplete(): Promise<void> {
    await this.page.getByRole('article').last().getByRole('toolbar').waitFor();
  }

  /** Milliseconds from the first token on the wire until the frame with it was ready. */
  async firstTokenMs(): Promise<number> {
    await this.until('window.probe.shown > 0');

    return this.call<number>('() => window.probe.shown - window.probe.arrived');
  }

  /** Milliseconds that each task of more than 50 took since the last call. */
  longTasks(): Promise<number[]> {
    return this.call<number[]>('() => window.probe.tasks.splice(0).map(({ duration }) => duration)');
  }

  /** Milliseconds that keys have waited; keys whose frame came within 16 ms are not among them. */
  keyDelays(): Promise<number[]> {
    return this.call<number[]>('() => window.probe.delays.splice(0)');
  }

  frames(ms: number): Promise<number[]> {
    return this.call<number[]>(`() => (${FRAMES})(${ms})`);
  }

  /** Scrolls up the thread by a wheel while the frames are measured. */
  async framesOfScrolling(ms: number): Promise<number[]> {
    await this.page.getByRole('log').hover();
    const measured = this.frames(ms);
    const end = Date.now() + ms;
    while (Date.now() < end) await this.page.mouse.wheel(0, -600);

    return measured;
  }

  /** Bytes of the JavaScript heap after a collection. */
  async heap(): Promise<number> {
    const devtools = await this.page.context().newCDPSession(this.page);
    await devtools.send('HeapProfiler.collectGarbage');
    const { usedSize } = await devtools.send('Runtime.getHeapUsage');
    await devtools.detach();

    return usedSize;
  }

  /**
   * Waits in the page, frame by frame. Playwright's own waiting for an expression needs `eval`, which the page forbids.
   * @throws after two minutes
   */
  private until(condition: string): Promise<void> {
    return this.call(`() => new Promise((resolve, reject) => {
      const end = performance.now() + ${TIMEOUT_MS};
      (function look() {
        if (${condition}) resolve();
        else if (performance.now() > end) reject(new Error(${JSON.stringify(`waited in vain: ${condition}`)}));
        else requestAnimationFrame(look);
      })();
    })`);
  }

  private call<T>(code: string): Promise<T> {
    return this.page.evaluate<T>(`(${code})()`);
  }
}

/** Chromium, and the server that its pages come from. */
export class BrowserLab {
  private constructor(
    readonly server: Server,
    private readonly browser: Browser,
  ) {}

  static async open({ provider, options }: Lab): Promise<BrowserLab> {
    const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, args: ARGS });
    try {
      return new BrowserLab(await startConch(provider, options.postgres), browser);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** A first visit: nothing is cached. */
  async visitor(): Promise<BrowserContext> {
    const context = await this.browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
    await context.addInitScript(PROBE);

    return context;
  }

  open(context: BrowserContext, path = '/'): Promise<BenchPage> {
    return BenchPage.open(context, this.server.base + path);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
  }
}
