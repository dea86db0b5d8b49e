import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { say } from '../lib/log.mjs';
import { QUESTIONS } from './answers.mjs';
import { CHECKS, report } from './seed.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** Chromium must not look for its maker's servers: there may be no network. */
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** Motion and fonts come to rest. */
const REST_MS = 700;

/** Writes the pictures that are named, or all. */
export async function writePictures(scene) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  try {
    for (const [name, { options = {}, play }] of Object.entries(PICTURES)) {
      if (scene.only.length > 0 && !scene.only.includes(name)) continue;
      const page = await openPage(browser, options);
      await play(page, scene);
      await page.mouse.move(0, 0);
      await sleep(REST_MS);
      await page.screenshot({ path: join(scene.folder, `${name}.png`) });
      await page.context().close();
      say(name);
    }
  } finally {
    await browser.close();
  }
}

async function openPage(browser, { dark = false, phone = false, locale = 'en-GB', height }) {
  const context = await browser.newContext({
    ...{ locale, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' },
    viewport: phone ? PHONE : { ...DESKTOP, ...(height && { height }) },
    ...(phone && { isMobile: true, hasTouch: true }),
  });

  return context.newPage();
}

const goto = (page, { app }, path) => page.goto(app.url + path, { waitUntil: 'networkidle' }).catch(() => page);

async function openChat(page, scene, name = 'first') {
  await page.goto(`${scene.app.url}/chat/${scene.seeded.tasks[name]}`);
  await page.locator('main pre, main table').first().waitFor();
}

/** Asks in the page itself, with a team. */
async function ask(page, { app, seeded }, team, question) {
  const task = await app.ask({ title: question, prompt: question, team_id: seeded.team[team] }, { isLeft: true });
  await page.goto(`${app.url}/chat/${task}`);

  return task;
}

const PICTURES = {
  chat: { play: (page, scene) => openChat(page, scene) },
  'chat-dark': { options: { dark: true }, play: (page, scene) => openChat(page, scene) },
  phone: { options: { phone: true }, play: (page, scene) => openChat(page, scene) },
  chinese: { options: { locale: 'zh-CN' }, play: (page, scene) => openChat(page, scene, 'chinese') },
  steps: {
    play: async (page, scene) => {
      await ask(page, scene, 'Feedback', QUESTIONS.feedback);
      await page.locator('main li', { hasText: 'Praise' }).waitFor();
      await page.getByText(/^6 steps/).click();
    },
  },
  stopped: {
    play: async (page, scene) => {
      await ask(page, scene, 'Engineering', QUESTIONS.story);
      await page.getByText('good algae').waitFor();
      await page.getByRole('button', { name: /^Stop/ }).click();
      await page.getByText(/was closed after/).waitFor();
    },
  },
  diagnosis: {
    play: async (page, scene) => {
      await ask(page, scene, 'Support', QUESTIONS.stuck);
      await page.getByText(/why\?/i).click({ timeout: 60_000 });
      await sleep(1_000);
    },
  },
  validation: {
    play: async (page, scene) => {
      await goto(page, scene, '/shells');
      await page.getByRole('button', { name: 'Add an image' }).first().click();
      await page.getByRole('textbox', { name: 'Name' }).fill('python-3-13-tools');
      await page.getByRole('textbox', { name: 'Image' }).fill('ghcr.io/acme/python-tools:3.13');
      const before = scene.orders.length;
      await page.getByRole('button', { name: 'Validate' }).click();
      while (scene.orders.length === before) await sleep(100);
      await report(scene.app, scene.orders, {
        ...{ status: 'running_checks', progress: 85, checks: CHECKS.slice(0, 2), seq: 3 },
        logTail: 'node --version\nv22.11.0\nclaude --version\n2.0.42 (Claude Code)\n',
      });
      await page.getByText('22.11.0').first().waitFor();
    },
  },
  models: { play: (page, scene) => goto(page, scene, '/models') },
  tasks: { play: (page, scene) => goto(page, scene, '/tasks') },
};
