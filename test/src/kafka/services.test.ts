import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { CLASSES, type EmotionMessage } from '@deadpan/shared';
import { parse } from 'csv-parse/sync';

import { startBroker, type Broker } from '../../../infra/kafka/broker.mjs';
import { CLIP, deadpan } from '../analyze/command-line.js';
import { clientOf } from './kafka-under-test.js';
import { emotionsById, prepareServices } from './services-under-test.js';

/* The services as processes of their own on a real broker, against what `analyze` says of the same clip. */

let broker: Broker;
let analysed: readonly Readonly<Record<string, string>>[];
const folder = mkdtempSync(join(tmpdir(), 'deadpan-services-'));
before(async () => {
  const [started, { code, stderr }] = await Promise.all([
    startBroker(),
    deadpan(['analyze', CLIP, '--out', folder, '--quiet']),
  ]);
  broker = started;
  assert.equal(code, 0, stderr);
  analysed = parse(readFileSync(join(folder, 'clip/emotions.csv')), { columns: true });
});
after(async () => {
  rmSync(folder, { recursive: true });
  await broker.stop();
});

/** A window as `emotions.csv` has it. */
function rowOf(emotion: EmotionMessage): Record<string, string> {
  const { track, start, end, frames, missed, expression, probabilities, intensity } = emotion;
  return {
    track,
    start: start.toFixed(3),
    end: end.toFixed(3),
    frames: String(frames),
    missed: String(missed),
    expression,
    ...Object.fromEntries(CLASSES.map((name) => [name, probabilities[name].toFixed(4)])),
    intensity: intensity.toFixed(4),
  };
}

const inOrder = <Row extends Readonly<Record<string, string>>>(rows: readonly Row[]): Row[] =>
  rows.toSorted((a, b) => Number(a['start']) - Number(b['start']) || Number(a['track']) - Number(b['track']));

test('a recorded clip through the processes gives the emotions of analyze, to the last decimal', async (t) => {
  const client = clientOf(broker);
  const services = await prepareServices(client);
  const started = performance.now();
  try {
    const all = [
      services.start('classify', '--until-end'),
      services.start('normalize', '--until-end'),
      services.start('align', '--until-end'),
      services.start('ingest', `clip=${CLIP}`, '--until-end', '--frames', 'raw'),
    ];
    for (const { ended, said } of all) assert.equal(await ended, 0, said());
    const { byId, records, changed } = await emotionsById(client);
    t.diagnostic(`${records} windows in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    assert.deepEqual(changed, []);
    assert.equal(records, byId.size);
    assert.deepEqual(inOrder([...byId.values()].map(rowOf)), inOrder(analysed));
  } finally {
    await services.close();
  }
});
