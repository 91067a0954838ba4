import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { emotionRow, openEmotionsTable, readEmotionsTable, type EmotionRow } from './emotions-table.js';
import { sampleEmotions } from './sample-analysis.js';

test('windows are written as the contract says and read back as they were', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'deadpan-emotions-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'emotions.csv');
  const rows = sampleEmotions().map(emotionRow);
  const table = await openEmotionsTable(path);
  for (const row of rows) await table.write(row);
  await table.close();

  const [header, first] = (await readFile(path, 'utf8')).split('\n');
  assert.equal(
    header,
    'track,start,end,frames,missed,expression,' +
      'neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,intensity',
  );
  assert.match(first ?? '', /^1,-0\.500,0\.500,13,0,neutral(,\d\.\d{4}){9}$/);
  const back: EmotionRow[] = [];
  for await (const row of readEmotionsTable(path)) back.push(row);
  assert.deepEqual(back, rows);
});
