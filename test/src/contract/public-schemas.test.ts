import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
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

interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** All that a reader may count on: a line for each field, each type of it and each value it is limited to. */
function promises(schema: Schema, path: string): string[] {
  const { properties = {}, required = [], items, oneOf = [], anyOf = [], type = [] } = schema;
  const others = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
  const fields = { ...Object.fromEntries(required.map((name) => [name, others])), ...properties };
  const values = schema.const === undefined ? (schema.enum ?? []) : [schema.const];
  return [
    ...[type].flat().map((name) => `${path}: ${name}`),
    ...values.map((value) => `${path} = ${value}`),
    ...[...oneOf, ...anyOf].flatMap((option) => promises(option, path)),
    ...Object.entries(fields).flatMap(([name, field]) =>
      promises(field, `${path}.${name}${required.includes(name) ? '' : '?'}`),
    ),
    ...(items === undefined ? [] : promises(items, `${path}[]`)),
  ];
}

test('the public schemas only grow: what was published once is there as it was', () => {
  const baseline = new URL('test/src/contract/published-fields.json', root);
  const published = new Set(JSON.parse(readFileSync(baseline, 'utf8')) as string[]);
  const folder = new URL('docs/reference/schemas/', root);
  const now = new Set(
    readdirSync(folder).flatMap((file) =>
      promises(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Schema, file.replace('.json', '')),
    ),
  );
  const gone = [...published].filter((line) => !now.has(line));
  assert.deepEqual(gone, [], 'Within v1 nothing is renamed, retyped or removed.');
  const added = [...now].filter((line) => !published.has(line));
  assert.deepEqual(added, [], 'New: add these lines to published-fields.json, which holds them from now on.');
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
