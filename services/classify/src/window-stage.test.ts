import assert from 'node:assert/strict';
import { test } from 'node:test';

import { envelope, type Envelope, type Expression, type StreamContext } from '@deadpan/shared';
import { map, Subject } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

import { createWindowStage } from './window-stage.js';

function frame(timeUs: number, onAck: () => void = () => undefined): Envelope<Expression> {
  const value: Expression = {
    ...{ camera: 'door', epoch: 0, sequence: 0, timeUs, width: 64, height: 64, faces: 1 },
    face: {
      track: '1',
      box: { x: 0, y: 0, width: 1, height: 1 },
      detection: 1,
      landmarks: new Float32Array(136),
      pose: { yaw: 0, pitch: 0, roll: 0 },
      quality: 1,
      probabilities: [1, 0, 0, 0, 0, 0, 0, 0],
      intensity: 0,
      model: 'm',
    },
  };
  return envelope({ key: 'door', timeUs, value, onAck });
}

test('a window leaves with the frame that closes it, and the end closes the rest', () => {
  const drops: string[] = [];
  const context: StreamContext = {
    worked: () => undefined,
    drop: (_record, reason) => void drops.push(reason),
    deadLetter: () => undefined,
  };
  const scheduler = new TestScheduler((actual, expected) => {
    assert.deepEqual(actual, expected);
  });
  scheduler.run(({ cold, expectObservable }) => {
    const frames = { a: frame(0), b: frame(900_000), c: frame(1_000_000), d: frame(500_000) };
    const emotions = createWindowStage({ size: 1, hop: 1, grace: 0 })(cold('a-b-c-d-|', frames), context);
    const starts = emotions.pipe(map((emotion) => emotion.value.startUs));
    expectObservable(starts).toBe('----x---(y|)', { x: 0, y: 1_000_000 });
  });
  assert.deepEqual(drops, ['late']);
});

test('a frame is acked at once when it closes no window, and after the window when it does', () => {
  const acked: number[] = [];
  const out: Envelope<unknown>[] = [];
  const context: StreamContext = {
    worked: () => undefined,
    drop: () => undefined,
    deadLetter: () => undefined,
  };
  const frames = new Subject<Envelope<Expression>>();
  createWindowStage({ size: 1, hop: 1, grace: 0 })(frames, context).subscribe((emotion) => out.push(emotion));
  frames.next(frame(0, () => acked.push(0)));
  assert.deepEqual(acked, [0]);
  frames.next(frame(1_000_000, () => acked.push(1)));
  assert.deepEqual(acked, [0]);
  out[0]?.ack();
  assert.deepEqual(acked, [0, 1]);
});
