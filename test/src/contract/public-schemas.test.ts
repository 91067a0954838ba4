import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { toEmotionMessage, toExpressionMessage, toStatusMessage } from '@deadpan/shared';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { emotionOf, expressionsOf, frameAt } from '../browser/scene.js';

const root = new URL('../../../', import.meta.url);
const ACTOR = { track: 'a', x: 0.5, y: 0.5, size: 0.2, phase: 0 };

test('the published schemas and the AsyncAPI document are those of the code', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('scripts/generate-contracts.mjs', root)), '--check'],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
});

test('what is published follows the published schemas, and a reader may ignore what it does not know', () => {
  // Formats are annotations here; the patterns beside them check the same.
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const follows = (name: string, message: object): void => {
    const path = new URL(`docs/reference/schemas/${name}.json`, root);
    const validate = ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object);
    assert.ok(validate(message), ajv.errorsText(validate.errors));
    assert.ok(validate({ ...message, comesLater: true }));
    ajv.removeSchema(`urn:deadpan:v1:${name}`);
  };
  const frame = frameAt('door', 0, 3, 1_700_000_000_123_456);
  for (const actors of [[], [ACTOR]]) {
    for (const expression of expressionsOf(frame, actors))
      follows('expression', toExpressionMessage(expression));
  }
  follows('emotion', toEmotionMessage(emotionOf('door', 0, ACTOR, 1_700_000_001_000_000)));
  follows(
    'status',
    toStatusMessage({
      ...{
        camera: 'door',
        state: 'waiting',
        timeUs: 1_700_000_000_000_000,
        epoch: 0,
        stalls: 0,
        reconnects: 1,
      },
      ...{ fpsIn: 0, fpsAnalysed: 0, fpsDropped: 0, latencyMs: null, lastError: 'refused' },
    }),
  );
});
