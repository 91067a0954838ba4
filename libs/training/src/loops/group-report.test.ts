import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readGroupReport } from './group-report.js';

test('a report of evaluate is read, and anything else is refused with what to do', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'deadpan-groups-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'report.json');
  const women = { column: 'gender', value: 'female', n: 20, accuracy: 0.95 };
  await writeFile(
    file,
    JSON.stringify({ accuracy: 0.9, heldOutEvery: 5, groups: [{ ...women, classMeanAccuracy: 0.95 }] }),
  );
  assert.deepEqual(await readGroupReport(file), [women]);
  const everybody = JSON.stringify({ heldOutEvery: null, groups: [women] });
  for (const text of ['{"heldOutEvery":5,"groups":[]}', everybody, 'no JSON']) {
    await writeFile(file, text);
    await assert.rejects(readGroupReport(file), {
      code: 'E_CONFIG',
      advice: /evaluate --held-out N --groups/,
    });
  }
  await assert.rejects(readGroupReport(join(folder, 'none.json')), { code: 'E_INPUT_MISSING' });
});
