import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';

import { z } from 'zod';

import { DeadpanError } from '../errors/index.js';
import { loadConfig } from './load.js';
import { describeOptions } from './options.js';

const schema = z.strictObject({
  align: z
    .strictObject({
      keyFrameInterval: z
        .number()
        .min(0)
        .max(10)
        .default(0.4)
        .describe('Time between detections.')
        .meta({ unit: 's' }),
      detector: z.enum(['ssd', 'tiny']).default('ssd').describe('Which detector.'),
    })
    .prefault({}),
  feed: z
    .strictObject({
      token: z.string().default('').describe('A token.'),
      tokens: z.array(z.string()).default([]).describe('Tokens.'),
    })
    .prefault({}),
  cameras: z.array(z.string()).default([]).describe('Cameras.'),
  rooms: z
    .array(
      z.strictObject({
        name: z.string().describe('Its name.'),
        seats: z.int().min(1).max(9).default(2).describe('Its seats.'),
        doors: z.array(z.string()).optional().describe('Its doors.'),
      }),
    )
    .default([])
    .describe('Rooms.'),
});

const folder = mkdtempSync(join(tmpdir(), 'deadpan-config-'));
after(() => {
  rmSync(folder, { recursive: true });
});
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DeadpanError);
  assert.equal(error.code, 'E_CONFIG');
  assert.match(error.message, pattern);
  return true;
};

test('defaults, then the file, then variables, then flags', () => {
  const path = file('a.yaml', 'align: { keyFrameInterval: 1, detector: tiny }\n');
  const environment = { DEADPAN_ALIGN_KEY_FRAME_INTERVAL: '2' };
  assert.equal(loadConfig(schema, {}).align.keyFrameInterval, 0.4);
  assert.equal(loadConfig(schema, { file: path }).align.keyFrameInterval, 1);
  assert.equal(loadConfig(schema, { file: path, environment }).align.keyFrameInterval, 2);
  const flags = { 'align.keyFrameInterval': 3, 'align.detector': undefined };
  const config = loadConfig(schema, { file: path, environment, flags });
  assert.deepEqual(config.align, { keyFrameInterval: 3, detector: 'tiny' });
  assert.ok(Object.isFrozen(config.align));
});

test('an unknown key or variable is refused with the nearest known one', () => {
  assert.throws(
    () => loadConfig(schema, { file: file('b.yaml', 'align: { keyFrameIntervall: 1 }\n') }),
    refused(/"align\.keyFrameIntervall" is not an option\. Did you mean "keyFrameInterval"\?/),
  );
  assert.throws(
    () => loadConfig(schema, { environment: { DEADPAN_ALIGN_DETECTR: 'ssd' } }),
    refused(/DEADPAN_ALIGN_DETECTR.*Did you mean "DEADPAN_ALIGN_DETECTOR"/),
  );
});

test('so is one in an item of a list, and a value there with its range', () => {
  const rooms = (text: string) => () => loadConfig(schema, { file: file('rooms.yaml', `rooms: ${text}`) });
  assert.throws(
    rooms('[{ name: hall }, { nmae: yard }]'),
    refused(/"rooms\.1\.nmae" is not an option\. Did you mean "name"\?/),
  );
  assert.throws(rooms('[{ name: hall, seats: 10 }]'), refused(/"rooms\.0\.seats".*\(integer, 1 to 9\)/));
  // They are set with their list, as a whole.
  assert.throws(
    () => loadConfig(schema, { environment: { DEADPAN_ROOMS_NAME: 'hall' } }),
    refused(/DEADPAN_ROOMS_NAME is not an option/),
  );
});

test('a value out of range is refused with the range and the unit', () => {
  assert.throws(
    () => loadConfig(schema, { flags: { 'align.keyFrameInterval': 11 } }),
    refused(/"align\.keyFrameInterval".*in s, 0 to 10/),
  );
});

test('secrets come from variables and files', () => {
  file('token.txt', 'from-a-file\n');
  const fromFile = loadConfig(schema, { file: file('c.yaml', 'feed: { token: "file:token.txt" }\n') });
  assert.equal(fromFile.feed.token, 'from-a-file');
  const path = file('d.yaml', 'feed: { token: "x-${SECRET}" }\n');
  assert.equal(loadConfig(schema, { file: path, environment: { SECRET: 'y' } }).feed.token, 'x-y');
  assert.throws(() => loadConfig(schema, { file: path, environment: {} }), refused(/uses \$\{SECRET\}/));
});

test('a file that is missing, or not YAML, or not a map, is refused in words', () => {
  assert.throws(() => loadConfig(schema, { file: join(folder, 'none.yaml') }), refused(/cannot be read/));
  assert.throws(() => loadConfig(schema, { file: file('e.yaml', 'a: [') }), refused(/not valid YAML/));
  assert.throws(() => loadConfig(schema, { file: file('g.yaml', 'a: *x') }), refused(/not valid YAML: .*x/));
  assert.throws(() => loadConfig(schema, { file: file('f.yaml', '- a') }), refused(/map of options/));
});

test('a variable that is not YAML is refused without a word of what it holds', async (t) => {
  const warnings: unknown[] = [];
  const hear = (warning: unknown): void => void warnings.push(warning);
  process.on('warning', hear);
  t.after(() => process.off('warning', hear));
  for (const variable of ['DEADPAN_CAMERAS', 'DEADPAN_FEED_TOKENS']) {
    for (const text of ['[{ address: "rtsp://u:hunter2@door"', '*hunter2', 'a: b: hunter2', '[hunter2']) {
      assert.throws(
        () => loadConfig(schema, { environment: { [variable]: text } }),
        (error) => {
          assert.ok(error instanceof DeadpanError);
          assert.match(error.message, new RegExp(`^${variable} must be .*not valid YAML`));
          assert.doesNotMatch(inspect(error), /hunter2/);
          return true;
        },
      );
    }
    // YAML, with a tag that means nothing.
    assert.throws(() => loadConfig(schema, { environment: { [variable]: '!hunter2 x' } }), refused(/list/));
  }
  // Warnings come after the turn in which they were made.
  await setImmediate();
  assert.deepEqual(warnings, []);
});

test('a variable holds a list as YAML writes it, and one that does not is told how', () => {
  const listed = (text: string) => loadConfig(schema, { environment: { DEADPAN_CAMERAS: text } }).cameras;
  assert.deepEqual(listed('[one:9092, two:9092]'), ['one:9092', 'two:9092']);
  for (const text of ['one:9092', 'one:9092,two:9092', ''])
    assert.throws(
      () => listed(text),
      refused(/^DEADPAN_CAMERAS must be list of string, written as in YAML: \[ONE, TWO\]\.$/),
    );
});

test('every option is described once, with type, default, unit and range', () => {
  const [interval, detector] = describeOptions(schema);
  assert.deepEqual(interval, {
    path: ['align', 'keyFrameInterval'],
    variable: 'DEADPAN_ALIGN_KEY_FRAME_INTERVAL',
    type: 'number',
    required: false,
    default: 0.4,
    unit: 's',
    range: '0 to 10',
    help: 'Time between detections.',
    choices: undefined,
  });
  assert.equal(detector?.type, 'ssd | tiny');
});

test('an option that may be null has the range of its numbers', () => {
  const rate = z.number().positive().max(60).nullable().default(null).describe('Frames a second.');
  const [fps] = describeOptions(z.strictObject({ fps: rate }));
  assert.deepEqual([fps?.type, fps?.range], ['number | null', 'over 0, at most 60']);
});

test('what an item of a list holds is described after the list', () => {
  const described = describeOptions(schema).map(({ path, ...option }) => ({
    path: path.join('.'),
    ...option,
  }));
  const from = described.findIndex(({ path }) => path === 'rooms');
  const rows = described.slice(from).map(({ path, variable, type, required, default: fallback, help }) => {
    return [path, variable, type, required, fallback, help];
  });
  assert.deepEqual(rows, [
    ['rooms', 'DEADPAN_ROOMS', 'list of map', false, [], 'Rooms.'],
    ['rooms[].name', undefined, 'string', true, undefined, 'Its name.'],
    ['rooms[].seats', undefined, 'integer', false, 2, 'Its seats.'],
    ['rooms[].doors', undefined, 'list of string', false, undefined, 'Its doors.'],
  ]);
});
