import type { Page } from 'playwright-core';

/** The field of the password, in the login and in the dialog over the page. */
export const passwordOf = (page: Page) => page.getByRole('textbox', { name: 'Password', exact: true });

/** Fills in the login that a page shows, and sends it. */
export async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(name);
  await passwordOf(page).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}
