/** Tasks of executors for the pictures, which report in their place. */
import { INTERNAL_TOKEN } from './world.mjs';

const REPOSITORY = {
  ...{ git_url: 'https://github.com/acme/shop.git', git_repo: 'acme/shop', git_domain: 'github.com' },
  branch_name: 'main',
};

const VALUE = `The checkout test was flaky because it compared **two clocks**: the test's own and that of the payment stub. I replaced both by one injected clock.

- \`src/checkout/expiry.ts\` takes the time from its caller.
- The test sets that time instead of sleeping for 50 ms.

The suite has passed 200 times in a row.`;

const PATCH = `diff --git a/src/checkout/expiry.ts b/src/checkout/expiry.ts
index 3f1c9d2..8b7e0aa 100644
--- a/src/checkout/expiry.ts
+++ b/src/checkout/expiry.ts
@@ -4,9 +4,9 @@ import type { Cart } from './cart';
 const HOLD_MS = 15 * 60_000;
 
 /** Whether the reserved items of a cart have gone back to the shelf. */
-export function hasExpired(cart: Cart): boolean {
-  return Date.now() - cart.reservedAt > HOLD_MS;
+export function hasExpired(cart: Cart, now: number): boolean {
+  return now - cart.reservedAt > HOLD_MS;
 }
diff --git a/test/checkout.spec.ts b/test/checkout.spec.ts
index 91aa2f0..c05d1be 100644
--- a/test/checkout.spec.ts
+++ b/test/checkout.spec.ts
@@ -21,8 +21,7 @@ describe('checkout', () => {
   it('frees the items of an abandoned cart', () => {
-    const cart = reserve(items);
-    await sleep(50);
-    expect(hasExpired(cart)).toBe(false);
+    const cart = reserve(items, 1_000);
+    expect(hasExpired(cart, 1_050)).toBe(false);
   });
 });
`;

const step = (step_id, title, elapsed_ms, more = {}) => ({
  ...{ step_id, kind: 'tool', title, status: 'succeeded', elapsed_ms, ...more },
});

const STEPS = [
  step('1', 'Clone acme/shop', 2_840, { kind: 'log' }),
  step('2', 'Bash', 41_300, { detail: { input: 'npm test -- checkout --repeat 10', output: '9 passed, 1 failed' } }),
  step('3', 'Agent: find the race', 18_650, { kind: 'node' }),
  step('4', 'Read', 180, { parent_id: '3', detail: { input: 'test/checkout.spec.ts', output: '48 lines' } }),
  step('5', 'Grep', 240, { parent_id: '3', detail: { input: 'Date.now', output: 'src/checkout/expiry.ts:8' } }),
  step('6', 'Edit', 95, { detail: { input: 'src/checkout/expiry.ts', output: '2 lines changed' } }),
  step('7', 'Bash', 63_900, { detail: { input: 'npm test -- checkout --repeat 200', output: '200 passed' } }),
];

const DIFF = {
  ...{ branch: 'conch/fix-flaky-checkout', base: '4c1f7e90d2ab', commit: 'b82e64d10f7c', patch: PATCH },
  stat: ' src/checkout/expiry.ts | 4 ++--\n test/checkout.spec.ts  | 5 ++---\n 2 files changed, 4 insertions(+), 5 deletions(-)',
};

/** Two tasks of a team on executors: one has ended with a change, one waits. @returns the id of the first */
export async function addCodeTasks(app, teamId) {
  const create = (title, prompt) =>
    app.call('POST', '/tasks/create', { title, prompt, team_id: teamId, task_type: 'code', ...REPOSITORY });
  const { id } = await create(
    'Fix the flaky checkout test',
    'The checkout test fails once in ten runs. Find out why and fix it.',
  );
  const claimed = await app.call('POST', '/executors/tasks/dispatch?limit=1', undefined, INTERNAL_TOKEN);
  const [{ subtask_id }] = claimed.tasks;
  const report = { subtask_id, executor_name: 'conch-task-12', seq: 2, status: 'COMPLETED', progress: 100 };
  await app.call(
    'PUT',
    '/executors/tasks',
    { ...report, result: { value: VALUE, steps: STEPS, diff: DIFF } },
    INTERNAL_TOKEN,
  );
  await create('Upgrade the shop to Node 22', 'Upgrade the shop to Node 22 and make its tests pass');

  return id;
}
