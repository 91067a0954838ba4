import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { annotatedFrames, type AnnotatedFrame } from './annotated-frames.js';
import { faceRow, openFacesTable } from './faces-table.js';
import { openReferenceSpool } from './reference-spool.js';
import { SAMPLE_PEOPLE, sampleExpressions, samplePair } from './sample-analysis.js';

const people = SAMPLE_PEOPLE.map((person) => ({
  ...person,
  seen: [
    [1, 5],
    [6, 8],
  ] as const,
}));

test('each face gets its own reference back, also after a spool that was cut off went on', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'deadpan-spool-'));
  t.after(() => rm(folder, { recursive: true }));
  const faces = join(folder, 'faces.csv');
  const spool = join(folder, 'references.bin');
  const expressions = [...sampleExpressions(people, { seconds: 9, fps: 10 })];
  const references = expressions.flatMap((expression) => samplePair(expression).face?.reference ?? []);

  const table = await openFacesTable(faces);
  for (const expression of expressions) await table.write(faceRow(expression));
  await table.close();
  const first = await openReferenceSpool(spool);
  for (const reference of references.slice(0, 30)) await first.write(reference);
  const count = await first.checkpoint();
  for (const reference of references.slice(0, 50)) await first.write(reference);
  await first.close();
  const second = await openReferenceSpool(spool, count);
  for (const reference of references.slice(30)) await second.write(reference);
  await second.close();
  assert.equal((await stat(spool)).size, references.length * 4096);

  const frames: AnnotatedFrame[] = [];
  for await (const frame of annotatedFrames(faces, spool)) frames.push(frame);
  assert.equal(frames.length, 90);
  assert.deepEqual(
    frames.map((frame) => frame.faces.length).join(''),
    '0'.repeat(10) + '2'.repeat(40) + '0'.repeat(10) + '2'.repeat(20) + '0'.repeat(10),
  );
  for (const { face, reference } of frames.flatMap((frame) => frame.faces)) {
    assert.equal(reference?.[0], 100 + 40 * Number(face.track));
  }
});

test('without a spool there are boxes alone', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'deadpan-spool-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'faces.csv');
  const table = await openFacesTable(path);
  for (const expression of sampleExpressions(people, { seconds: 2, fps: 5 }))
    await table.write(faceRow(expression));
  await table.close();
  for await (const frame of annotatedFrames(path, null)) {
    assert.ok(frame.faces.every(({ reference }) => reference === null));
  }
});
