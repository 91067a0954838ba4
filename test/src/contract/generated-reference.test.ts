import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { referenceMetrics } from './metric-reference.js';

const root = new URL('../../../', import.meta.url);

test('the reference pages are those of the code', () => {
  const script = fileURLToPath(new URL('scripts/generate-reference.mjs', root));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

/** Names of metrics that stand in quotes in the sources; headers of messages begin alike and have other parts. */
function namesInSources(): Set<string> {
  const names = new Set<string>();
  for (const group of ['libs', 'services', 'apps']) {
    const folder = fileURLToPath(new URL(group, root));
    for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!path.includes('src') || !/(?<!\.test)\.ts$/.test(path)) continue;
      const text = readFileSync(join(folder, path), 'utf8');
      for (const [name] of text.matchAll(/(?<=['"`])deadpan_(stage|camera|feed|kafka)_\w+(?=['"`])/g))
        names.add(name);
    }
  }
  return names;
}

test('every metric stands in the reference, and its name follows the grammar there', () => {
  const metrics = referenceMetrics();
  assert.deepEqual(metrics.map(({ name }) => name).sort(), [...namesInSources()].sort());
  for (const { name, type } of metrics) {
    assert.match(name, /^deadpan_(stage|camera|feed|kafka)(_[a-z]+)+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    if (type === 'histogram') assert.match(name, /_(seconds|records)$/);
  }
});
