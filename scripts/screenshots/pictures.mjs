import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { ensureChromium } from '../lib/servers.mjs';
import { say } from '../lib/log.mjs';
import { QUESTIONS } from './answers.mjs';
import { CHECKS, report } from './seed.mjs';

/** Chromium must not look for its maker's servers: there may be no network. */
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** Motion and fonts come to rest. */
const REST_MS = 700;

/** Writes the pictures that are named, or all. */
export async function writePictures(scene) {
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: ARGS });
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

/** Opens a place and waits for its content: event streams stay open, so that the network is never idle. */
async function goto(page, { app }, path, content = 'main table') {
  await page.goto(app.url + path);
  await page.locator(content).first().waitFor();
}

/** Shows believable addresses in place of the simulator's. */
async function hideSimulator(page, { simulatorUrl }) {
  await page.route('**/api/models?**', async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    const body = text
      .replaceAll(`${simulatorUrl}/claude`, 'https://api.anthropic.com')
      .replaceAll(`${simulatorUrl}/openai/v1`, 'http://gpu-1.acme.internal:8000/v1');
    await route.fulfill({ response, body });
  });
}

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
  code: {
    options: { height: 1000 },
    play: async (page, scene) => {
      await page.goto(`${scene.app.url}/chat/${scene.seeded.tasks.code}`);
      await page.getByRole('button', { name: /files changed/ }).click();
      await page.locator('summary', { hasText: 'expiry' }).click();
      await page.getByText(/^7 steps/).click();
      await page.locator('main pre span').first().waitFor();
    },
  },
  'phone-dark': {
    options: { phone: true, dark: true },
    play: (page, scene) =>
      page
        .goto(`${scene.app.url}/chat/${scene.seeded.tasks.code}`)
        .then(() => page.getByText(/files changed/).waitFor()),
  },
  stopped: {
    options: { dark: true },
    play: async (page, scene) => {
      await ask(page, scene, 'Engineering', QUESTIONS.story);
      await page.getByText('bottle cap').waitFor();
      await page.getByRole('button', { name: /^Stop/ }).click();
      await page.getByText(/was closed after/).waitFor();
    },
  },
  diagnosis: {
    play: async (page, scene) => {
      await ask(page, scene, 'Support', QUESTIONS.stuck);
      await page.getByText(/why\?/i).click({ timeout: 60_000 });
      await page.getByText('Look again').waitFor();
    },
  },
  validation: {
    play: async (page, scene) => {
      await goto(page, scene, '/shells');
      await page.getByRole('button', { name: 'Add an image' }).first().click();
      await page.getByRole('textbox', { name: 'Name' }).fill('python-3-13-tools');
      await page.getByRole('combobox', { name: 'Runtime' }).click();
      await page.getByRole('option', { name: 'Claude Code' }).click();
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
  teams: { play: (page, scene) => goto(page, scene, '/teams') },
  models: {
    play: async (page, scene) => {
      await hideSimulator(page, scene);
      await goto(page, scene, '/models');
    },
  },
  tasks: { play: (page, scene) => goto(page, scene, '/tasks') },
};
