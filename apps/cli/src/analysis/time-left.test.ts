import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createTimeLeft } from './time-left.js';

test('the time left is that of all inputs at the speed of this run, whatever earlier runs had done', () => {
  let now = 0;
  const time = createTimeLeft(
    new Map([
      ['long', 10_000],
      ['short', 1_000],
      ['unknown', null],
    ]),
    () => now,
  );
  assert.deepEqual(time.standing(), { share: 0, framesPerSecond: null, secondsLeft: null });
  // Nine tenths were done before, and do not count as speed.
  time.started('long', 9_000);
  now = 10_000;
  time.advanced('long', 9_500);
  // 5500 frames are expected of the one that does not say.
  assert.deepEqual(time.standing(), {
    share: 9_500 / 16_500,
    framesPerSecond: 50,
    secondsLeft: (500 + 1_000 + 5_500) / 50,
  });
  now = 20_000;
  time.advanced('long', 10_000);
  time.finished('long');
  time.started('short', 0);
  assert.equal(time.standing().secondsLeft, 6_500 / 50);
  // One that turns out shorter than its container says is over all the same.
  time.finished('short');
  now = 30_000;
  time.started('unknown', 0);
  time.advanced('unknown', 500);
  assert.deepEqual(time.standing(), { share: 11_500 / 16_500, framesPerSecond: 50, secondsLeft: 100 });
  time.finished('unknown');
  assert.deepEqual(time.standing(), { share: 1, framesPerSecond: 50, secondsLeft: 0 });
});

test('how long the whole takes is said once, when the speed is that of the run', () => {
  let now = 0;
  const time = createTimeLeft(
    new Map([
      ['long', 90_000],
      ['unknown', null],
    ]),
    () => now,
  );
  assert.equal(time.estimate(), null);
  time.started('long', 0);
  now = 4_000;
  time.advanced('long', 400);
  assert.equal(time.estimate(), null, 'the networks are still loading');
  now = 6_000;
  time.advanced('long', 600);
  assert.equal(time.estimate(), 'All of it takes about 30:00 at 100 frames a second.');
  assert.equal(time.estimate(), null);
});

test('where no input says how long it is there is a speed and no time', () => {
  let now = 0;
  const time = createTimeLeft(new Map([['pipe.ts', null]]), () => now);
  time.started('pipe.ts', 0);
  now = 10_000;
  time.advanced('pipe.ts', 1_000);
  assert.deepEqual([time.standing().framesPerSecond, time.standing().secondsLeft], [100, null]);
  assert.equal(time.estimate(), null);
});
