import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs } from './backoff.js';
import { createEventClock } from './event-clock.js';

const WALL = 1_700_000_000_000_000;

test('a late arrival does not make a frame late', () => {
  const clock = createEventClock();
  const delays = [20_000, 0, 150_000, 80_000, 400_000, 5_000];
  const times = delays.map((delay, n) => clock.eventTimeUs(n * 40_000, WALL + n * 40_000 + delay));
  assert.equal(times[1], WALL + 40_000, 'the least delayed frame is right');
  times.slice(1).forEach((time, i) => {
    assert.ok(
      Math.abs(time - (WALL + (i + 1) * 40_000)) < 3_000,
      `frame ${i + 1} is off by ${time - WALL - (i + 1) * 40_000} us`,
    );
  });
});

test('follows a camera whose clock runs at another speed', () => {
  const clock = createEventClock();
  for (let n = 0; n < 60 * 60 * 25; n++) {
    const stream = n * 40_000;
    const arrival = WALL + stream * 1.0001;
    assert.ok(Math.abs(clock.eventTimeUs(stream, arrival) - arrival) < 5_000);
  }
});

test('never goes back, whatever the stream says', () => {
  const clock = createEventClock();
  let last = -Infinity;
  for (const [stream, arrival] of [
    [0, 0],
    [40, 40],
    [10, 80],
    [90, 70],
    [5_000, 100],
    [120, 120],
  ] as const) {
    const time = clock.eventTimeUs(stream * 1000, WALL + arrival * 1000);
    assert.ok(time > last);
    last = time;
  }
  clock.restart();
  assert.ok(clock.eventTimeUs(0, WALL) > last);
});

test('follows a wall clock that was set back before a new connection, and not one that is set back in the middle', () => {
  const clock = createEventClock();
  const HOUR = 3_600_000_000;
  assert.equal(clock.eventTimeUs(0, WALL), WALL);
  assert.ok(clock.eventTimeUs(40_000, WALL - HOUR) > WALL);
  clock.restart();
  assert.equal(clock.eventTimeUs(7_000_000, WALL - HOUR), WALL - HOUR);
  assert.equal(clock.eventTimeUs(7_040_000, WALL - HOUR + 40_000), WALL - HOUR + 40_000);
});

test('the wait doubles up to its bound, with jitter down to nothing', () => {
  const backoff = { firstMs: 1_000, longestMs: 30_000 };
  const bounds = [1, 2, 3, 4, 5, 6, 7, 1000].map((failures) => backoffMs(backoff, failures, 0.9999999));
  assert.deepEqual(bounds, [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  assert.equal(backoffMs(backoff, 5, 0), 0);
});
