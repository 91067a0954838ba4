import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { archiveIndexHtml, type ArchiveEntry } from './archive-index.js';
import { faceRow } from './faces-table.js';
import { sampleExpressions } from './sample-analysis.js';
import { summarize } from './summary.js';
import { createAnalysisRecorder } from './track-record.js';

function done(input: string): ArchiveEntry {
  const recorder = createAnalysisRecorder();
  for (const expression of sampleExpressions()) recorder.face(faceRow(expression));
  const facts = { input, kind: 'video' as const, width: 640, height: 360, duration: 20, framesRead: 500 };
  return {
    input,
    output: input.replace(/\.\w+$/, ''),
    state: 'done',
    reason: null,
    summary: summarize(facts, recorder.record),
  };
}

const failed: ArchiveEntry = {
  input: 'films/<broken>.mp4',
  output: 'films/<broken>',
  state: 'failed',
  reason: 'films/<broken>.mp4 is empty. (E_INPUT_EMPTY)',
  summary: null,
};

test('a row for each input, linked where there is a report, escaped', () => {
  const page = archiveIndexHtml({ version: '0.1.0', entries: [done('films/a b#1.mp4'), failed] });
  assert.equal([...page.matchAll(/<tr data-name=/g)].length, 2);
  assert.match(page, /href="films\/a%20b%231\/report\.html"/);
  assert.ok(!page.includes('<broken>'));
  assert.match(page, /films\/&lt;broken&gt;\.mp4 is empty/);
  assert.match(page, /data-happiness="0\.\d+"/);
  assert.ok(!/NaN|undefined|\[object/.test(page.replace(/<script>[^]*<\/script>/, '')));
});

test("the policy allows exactly the page's own script", () => {
  const page = archiveIndexHtml({ version: '0.1.0', entries: [] });
  const script = /<script>([^]*)<\/script>/.exec(page)?.[1] ?? '';
  const hash = createHash('sha256').update(script).digest('base64');
  assert.ok(page.includes(`script-src 'sha256-${hash}'`));
  assert.ok(!/https?:\/\//.test(page));
});
