import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

import { envelope, type Emotion, type Envelope, type Expression, type StreamContext } from '@deadpan/shared';
import { map, Subject } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

import { createWindowStage, type CameraLeft } from './window-stage.js';

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

const IDLE: StreamContext = {
  worked: () => undefined,
  drop: () => undefined,
  deadLetter: () => undefined,
};

test('a live camera that falls silent gets its windows closed after the wait, and what follows is not told twice', () => {
  const drops: string[] = [];
  const context: StreamContext = { ...IDLE, drop: (_record, reason) => void drops.push(reason) };
  const scheduler = new TestScheduler((actual, expected) => {
    assert.deepEqual(actual, expected);
  });
  scheduler.run(({ cold, expectObservable }) => {
    const frames = { a: frame(0), b: frame(900_000), c: frame(1_900_000), d: frame(2_000_000) };
    const times = { size: 1, hop: 1, grace: 0.5 };
    const emotions = createWindowStage(times, { silenceMs: 5 })(
      cold('a-b-------b-c--------d|', frames),
      context,
    );
    const told = emotions.pipe(map(({ value }) => [value.startUs, value.frames]));
    expectObservable(told).toBe('-------x---------y----(z|)', {
      x: [0, 2],
      y: [1_000_000, 1],
      z: [2_000_000, 1],
    });
  });
  assert.deepEqual(drops, ['late']);
});

test('a camera that leaves gets its windows closed at once, and is told when they are taken care of', () => {
  const frames = new Subject<Envelope<Expression>>();
  const left = new Subject<CameraLeft>();
  const out: Envelope<Emotion>[] = [];
  createWindowStage({ size: 1, hop: 0.5, grace: 0.5 }, { silenceMs: 1000, left })(frames, IDLE).subscribe(
    (emotion) => out.push(emotion),
  );
  const done: string[] = [];
  const leave = (camera: string): void => {
    left.next({ camera, done: () => done.push(camera) });
  };
  leave('nowhere');
  assert.deepEqual(done, ['nowhere']);
  frames.next(frame(600_000));
  leave('door');
  assert.deepEqual(
    out.map(({ value }) => value.startUs),
    [0, 500_000],
  );
  for (const emotion of out) emotion.ack();
  assert.deepEqual(done, ['nowhere', 'door']);
  // It may come again, and begins anew.
  frames.next(frame(600_000));
  frames.complete();
  assert.equal(out.length, 4);
});

test('the end does not wait for silence: a process of which cameras were heard just now ends at once', async () => {
  const moduleOf = (name: string): string => JSON.stringify(import.meta.resolve(name));
  const script = `
    const { Subject } = await import(${moduleOf('rxjs')});
    const { createWindowStage } = await import(${moduleOf('./window-stage.js')});
    const expressions = new Subject();
    const idle = { drop() {} };
    const value = ${JSON.stringify(frame(0).value)};
    createWindowStage({ size: 1, hop: 0.5, grace: 0.5 }, { silenceMs: 3_600_000 })(expressions, idle).subscribe();
    for (const camera of ['door', 'hall']) expressions.next({ key: camera, value: { ...value, camera }, ack() {} });
    expressions.complete();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: 'inherit',
    timeout: 15_000,
  });
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
