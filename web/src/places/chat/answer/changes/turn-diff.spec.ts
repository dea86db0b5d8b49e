import { describe, expect, it } from '@jest/globals';
import { filesOf, turnDiffOf } from './turn-diff';

const PATCH = `diff --git a/package.json b/package.json
index 1..2 100644
--- a/package.json
+++ b/package.json
@@ -1,3 +1,3 @@
-  "node": "20"
+  "node": "22"
diff --git a/old.js b/old.js
deleted file mode 100644
--- a/old.js
+++ /dev/null
@@ -1 +0,0 @@
-gone
diff --git a/a.png b/b.png
similarity index 100%
rename from a.png
rename to b.png
`;

describe('turnDiffOf', () => {
  it('reads the change of a turn', () => {
    const diff = { branch: 'conch/7', base: 'abc', commit: 'def', stat: ' 1 file changed', patch: PATCH, is_cut: true };
    expect(turnDiffOf({ value: '', diff })).toEqual({
      ...{ branch: 'conch/7', base: 'abc', commit: 'def', stat: ' 1 file changed', patch: PATCH },
      isCut: true,
    });
  });

  it.each([null, undefined, {}, { diff: 'x' }, { diff: null }, { diff: { patch: '', stat: '' } }])(
    'is null without one: %j',
    (result) => {
      expect(turnDiffOf(result)).toBeNull();
    },
  );
});

describe('filesOf', () => {
  it('names files and counts their lines', () => {
    expect(filesOf(PATCH).map(({ path, added, removed }) => [path, added, removed])).toEqual([
      ['package.json', 1, 1],
      ['old.js', 0, 1],
      ['b.png', 0, 0],
    ]);
    expect(filesOf('')).toEqual([]);
  });
});
