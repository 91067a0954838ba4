import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../../scripts/check.mjs', import.meta.url));

// The compiler has looked at types before any test runs.
for (const [step, holds] of [
  ['format', 'the sources are formatted as Prettier formats them'],
  ['lint', 'the sources keep the rules of ESLint'],
  ['boundaries', 'nothing imports what it may not, and there are no circles'],
] as const) {
  test(holds, () => {
    const { status, stderr } = spawnSync(process.execPath, [script, step], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
}
