import assert from 'node:assert/strict';
import { test } from 'node:test';

import { concatMap, from } from 'rxjs';

import { createMemoryLink, envelope, fork, type MemoryLink } from '../links/index.js';
import { deadLetter, drop, ok, type Outcome } from './outcome.js';
import { runMapStage, runStreamStage, type DeadLetter } from './runner.js';
import { createTally } from './stage-observer.js';

const link = <T>(name: string): MemoryLink<T> =>
  createMemoryLink<T>({ name, capacity: 4, whenFull: 'block' });

/** Sends the numbers, collects what comes out, and says which inputs were acked. */
async function through(
  run: (wiring: {
    from: MemoryLink<number>['receiver'];
    to: MemoryLink<string>['sender'];
    deadLetters: (letter: DeadLetter) => Promise<void>;
    observer: ReturnType<typeof createTally>;
  }) => Promise<void>,
  numbers: readonly number[],
) {
  const input = link<number>('in');
  const output = link<string>('out');
  const observer = createTally();
  const acked: number[] = [];
  const letters: DeadLetter[] = [];
  const received: string[] = [];
  const collecting = (async () => {
    for await (const record of output.receiver) {
      received.push(record.value);
      record.ack();
    }
  })();
  const running = run({
    from: input.receiver,
    to: output.sender,
    observer,
    deadLetters: (letter) => {
      letters.push(letter);
      return Promise.resolve();
    },
  });
  for (const value of numbers) {
    await input.sender.send(
      envelope({ key: 'camera', timeUs: value, value, onAck: () => acked.push(value) }),
    );
  }
  await input.sender.end();
  await Promise.all([running, collecting]);
  return { received, acked, letters, observer };
}

test('a map stage keeps the order though its calls overlap and the first is the slowest', async () => {
  const releases: (() => void)[] = [];
  async function late(records: readonly number[]): Promise<Outcome<string>[]> {
    // The first call ends only once the second has begun.
    if (releases.length === 0) await new Promise<void>((resolve) => releases.push(resolve));
    else releases[0]?.();
    return records.map((record) => ok(`${record}`));
  }
  const { received, acked } = await through(
    (wiring) => runMapStage(late, wiring, { size: 2, maxDelayMs: 1000, concurrency: 2 }),
    [0, 1, 2, 3],
  );
  assert.deepEqual(received, ['0', '1', '2', '3']);
  assert.deepEqual(acked, [0, 1, 2, 3]);
});

test('drops and dead letters are counted with their reason, and every record is acked', async () => {
  function sort(records: readonly number[]): Promise<Outcome<string>[]> {
    return Promise.resolve(
      records.map((record) => {
        if (record === 1) return drop('late');
        if (record === 2) return deadLetter('unreadable', new Error('no'));
        return ok(`${record}a`, `${record}b`);
      }),
    );
  }
  const { received, acked, letters, observer } = await through(
    (wiring) => runMapStage(sort, wiring, { size: 8, maxDelayMs: 1, concurrency: 1 }),
    [0, 1, 2, 3],
  );
  assert.deepEqual(received, ['0a', '0b', '3a', '3b']);
  assert.deepEqual([...acked].sort(), [0, 1, 2, 3]);
  assert.deepEqual(
    letters.map(({ stage, reason }) => [stage, reason]),
    [['sort', 'unreadable']],
  );
  const counts = observer.stages.get('sort');
  assert.equal(counts?.received, 4);
  assert.equal(counts.emitted, 4);
  assert.deepEqual(counts.dropped, { late: 1 });
  assert.deepEqual(counts.deadLettered, { unreadable: 1 });
});

test('a stage that throws on one record loses that record alone', async () => {
  function fragile(records: readonly number[]): Promise<Outcome<string>[]> {
    if (records.includes(2)) return Promise.reject(new TypeError('bug'));
    return Promise.resolve(records.map((record) => ok(`${record}`)));
  }
  const { received, letters, acked } = await through(
    (wiring) => runMapStage(fragile, wiring, { size: 4, maxDelayMs: 50, concurrency: 1 }),
    [0, 1, 2, 3],
  );
  assert.deepEqual(received, ['0', '1', '3']);
  assert.deepEqual(
    letters.map(({ reason, error }) => [reason, error.message]),
    [['failed', 'bug']],
  );
  assert.deepEqual([...acked].sort(), [0, 1, 2, 3]);
});

test('a map stage whose dead letter cannot be written fails its run, though its input neither goes on nor ends', async () => {
  const input = link<number>('in');
  const refuse = (): Promise<Outcome<string>[]> =>
    Promise.resolve([deadLetter('unreadable', new Error('broken'))]);
  const running = runMapStage(
    refuse,
    {
      from: input.receiver,
      to: link<string>('out').sender,
      deadLetters: () => Promise.reject(new Error('the disk is full')),
      observer: createTally(),
    },
    { size: 1, maxDelayMs: 0, concurrency: 4 },
  );
  await input.sender.send(envelope({ key: 'camera', timeUs: 1, value: 1 }));
  await assert.rejects(running, /the disk is full/);
});

test('a stream stage forks: the source is acked when its last child is', async () => {
  const input = link<number>('in');
  const output = link<string>('out');
  const acked: number[] = [];
  const running = runStreamStage(
    function twice(records) {
      return records.pipe(
        concatMap((record) => from(fork(record, [`${record.value}a`, `${record.value}b`]))),
      );
    },
    {
      from: input.receiver,
      to: output.sender,
      observer: createTally(),
      deadLetters: () => Promise.resolve(),
    },
  );
  await input.sender.send(envelope({ key: 'camera', timeUs: 0, value: 7, onAck: () => acked.push(7) }));
  const ending = input.sender.end();
  const children = [];
  for await (const child of output.receiver) children.push(child);
  await Promise.all([running, ending]);
  assert.deepEqual(
    children.map((child) => child.value),
    ['7a', '7b'],
  );
  children[1]?.ack();
  assert.deepEqual(acked, []);
  children[0]?.ack();
  assert.deepEqual(acked, [7]);
});

test('a stream stage that fails fails its run', async () => {
  const input = link<number>('in');
  const output = link<string>('out');
  const running = runStreamStage(
    function broken(records) {
      return records.pipe(
        concatMap((): never => {
          throw new TypeError('bug');
        }),
      );
    },
    {
      from: input.receiver,
      to: output.sender,
      observer: createTally(),
      deadLetters: () => Promise.resolve(),
    },
  );
  await input.sender.send(envelope({ key: 'camera', timeUs: 0, value: 1 }));
  await assert.rejects(running, /bug/);
});

test('a dead letter of a stream stage that cannot be written fails its run, though its input goes on', async () => {
  const input = link<number>('in');
  const acked: number[] = [];
  const running = runStreamStage(
    function sort(records, tell) {
      return records.pipe(
        concatMap((record) => {
          tell.deadLetter(record, 'unreadable', new Error('no'));
          return [];
        }),
      );
    },
    {
      from: input.receiver,
      to: link<number>('out').sender,
      observer: createTally(),
      deadLetters: () => Promise.reject(new Error('the topic is full')),
    },
  );
  await input.sender.send(envelope({ key: 'camera', timeUs: 0, value: 1, onAck: () => acked.push(1) }));
  await assert.rejects(running, /the topic is full/);
  assert.deepEqual(acked, []);
});
