import axe, { type AxeResults, type RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe finds in the light theme; the dark one differs by its colours alone. */
export async function findings(page: Page): Promise<string[]> {
  if (!(await page.evaluate(`'axe' in window`))) await page.evaluate(axe.source);
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    // A colour on its way to another one is neither.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.locator(`[data-mantine-color-scheme=${colorScheme}]`).waitFor({ state: 'attached' });
    for (const { id, nodes } of await violations(page, colorScheme === 'dark' ? ['color-contrast'] : null)) {
      for (const { html, failureSummary } of nodes)
        found.push(`${colorScheme}, ${id}: ${html.slice(0, 200)} ${failureSummary?.replace(/\s+/g, ' ')}`);
    }
  }

  return found;
}

/** Controls of the page that a finger misses: smaller than 24 px, and too close to others. */
export async function smallTargets(page: Page): Promise<string[]> {
  const found = await violations(page, ['target-size']);

  return found.flatMap(({ nodes }) => nodes.map(({ html }) => html.slice(0, 200)));
}

/** Runs axe in the page. What it says of rules that hold costs as much as the rules themselves, so it is left out. */
async function violations(page: Page, rules: string[] | null): Promise<AxeResults['violations']> {
  const options: RunOptions = { resultTypes: ['violations'], selectors: false, preload: false };
  if (rules) options.runOnly = { type: 'rule', values: rules };
  const results = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);

  return results.violations;
}
