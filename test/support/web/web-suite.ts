import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { Reader, type ReaderOptions, startBrowser } from './browser.js';
import { ChatTab } from './chat-tab.js';
import { type Directory, endAll, freePort, temporaryDirectory } from '../child.js';
import type { Environment } from '../conch.js';
import { sharedStage } from '../stages/shared-stage.js';
import { Stage } from '../stages/stage.js';

interface WebSuiteOptions {
  /** Of a server of its own, which can be killed and revived; without it the suite uses the stage that suites share. */
  environment?: Environment;
  /** Starts the stage, where an environment does not say enough. */
  start?: () => Promise<Stage>;
  /** Ends what `start` has started; the stage, by default. */
  stop?: () => Promise<void>;
  /** See `Reader`. */
  expectedErrors?: RegExp;
}

/**
 * A server, a browser and, for each test, a person who uses it: the one of the test before, who has forgotten everything,
 * see `Reader.rest`. A test fails when a page has done what none may, see `Reader.flaws`. Called where the hooks of a
 * suite are.
 */
export class WebSuite {
  private running: { stage: Stage; browser: Browser } | undefined;
  private current: Reader | undefined;
  private readonly others: Reader[] = [];
  private directory: Directory | undefined;

  constructor(private readonly options: WebSuiteOptions = {}) {
    beforeAll(async () => {
      const browser = await startBrowser();
      try {
        this.running = { browser, stage: await this.start() };
      } catch (error) {
        await browser.close();
        throw error;
      }
    });
    beforeEach(async () => {
      this.stage.simulator.reset();
      this.current ??= await this.come();
    });
    afterEach(() => this.leave());
    afterAll(async () => {
      const { stop } = this.options;
      await endAll(this.running?.browser, stop ? { stop } : this.running?.stage);
      await this.directory?.remove();
    });
  }

  get stage(): Stage {
    return this.begun.stage;
  }

  get browser(): Browser {
    return this.begun.browser;
  }

  /** Who uses the page in this test. */
  get reader(): Reader {
    if (!this.current) throw new Error('no test has begun');

    return this.current;
  }

  /** The chat in a new tab. */
  openChat(path = '/', reader = this.reader): Promise<ChatTab> {
    return ChatTab.open(reader, path);
  }

  /** Another person, or the same one on another device; also one whose clock a test sets, which stays set. */
  async newReader(options: ReaderOptions = {}): Promise<Reader> {
    const reader = await this.come(options);
    this.others.push(reader);

    return reader;
  }

  private async start(): Promise<Stage> {
    const { start, environment } = this.options;
    if (start) return start();
    if (!environment) return sharedStage('embedded');
    // What it keeps, and its address, outlive the server.
    this.directory = temporaryDirectory('web');
    const port = String(await freePort());

    return Stage.start('embedded', { DATA_DIR: this.directory.path, PORT: port, ...environment });
  }

  private get begun() {
    if (!this.running) throw new Error('the suite has not begun');

    return this.running;
  }

  private come(options: ReaderOptions = {}): Promise<Reader> {
    const { expectedErrors } = this.options;

    return Reader.come(this.browser, this.stage.server(0).url, {
      ...(expectedErrors && { expectedErrors }),
      ...options,
    });
  }

  private async leave(): Promise<void> {
    const { current } = this;
    // The suite has not started: that is the error to report.
    if (!current) return;
    this.stage.simulator.holdAt(Infinity);
    const others = this.others.splice(0);
    // After a test that has failed, a tab may be in any state.
    await current.rest().catch(async () => {
      this.current = undefined;
      await current.leave();
    });
    for (const reader of others) await reader.leave();
    const flaws = [current, ...others].flatMap((reader) => reader.flaws.splice(0));
    expect(flaws).toEqual([]);
  }
}
