import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CONTENDERS, readOptions } from './options.js';

test('without arguments every contender runs three times on the own clips', () => {
  const options = readOptions([]);
  assert.deepEqual(options, {
    clip: null,
    rounds: 3,
    only: [...CONTENDERS],
    scaling: false,
    json: false,
    write: false,
  });
});

test('contenders are named in any order', () => {
  assert.deepEqual(readOptions(['--only', 'human,deadpan', '--rounds', '1']).only, ['human', 'deadpan']);
});

test('what it does not know it says', () => {
  assert.throws(() => readOptions(['--only', 'humans']), /no "humans"/);
  assert.throws(() => readOptions(['--rounds', '0']), /whole number/);
});
