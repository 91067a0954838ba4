import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { open } from 'node:fs/promises';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { EmotionMessage, ExpressionMessage, StatusMessage } from '@deadpan/shared';
import { WebSocket } from 'ws';
import { stringify } from 'yaml';

const CLI = fileURLToPath(new URL('../../../apps/cli/bin/deadpan.js', import.meta.url));
const CLIP = fileURLToPath(new URL('../../media/clip.mp4', import.meta.url));
/** For what happens by itself within a second or two. */
const PATIENCE_MS = 60_000;

type Message = StatusMessage | EmotionMessage | ExpressionMessage;

/** The decoders of a process, by the file that each reads. */
function decoders(pid: number): ReadonlyMap<string, number> {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  const found = children.map((child) => {
    const file = /(\w+)\.mp4/.exec(readFileSync(`/proc/${child}/cmdline`, 'utf8'))?.[1];
    return [file ?? '', child] as const;
  });
  return new Map(found.filter(([file]) => file !== ''));
}

/** What a running `deadpan live` says, in its log and on its feed. */
async function startLive(
  folder: string,
  config: string,
  sources: readonly string[] = [],
  begun: (child: ChildProcess) => Promise<void> = () => Promise.resolve(),
) {
  const args = [CLI, 'live', ...sources, '--config', config, '--listen', '127.0.0.1:0'];
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (child.stderr === null) throw new TypeError('the child has no log');
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const news = new EventEmitter();
  const lines: string[] = [];
  const messages: Message[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    news.emit('news');
  });
  async function until(what: string, holds: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    try {
      while (!holds()) await once(news, 'news', { signal });
    } catch {
      assert.fail(`${what}: not within ${PATIENCE_MS} ms; the log: ${lines.join('\n')}`);
    }
  }
  const logged = (pattern: RegExp, after = 0): boolean =>
    lines.slice(after).some((line) => pattern.test(line));
  await begun(child);
  await until('it listens', () => logged(/the dashboard is at/));
  const { url } = JSON.parse(lines.find((line) => /the dashboard is at/.test(line)) ?? '') as { url: string };
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()) as Message);
    news.emit('news');
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'subscribe', types: ['status', 'emotion', 'expression'] }));
  return {
    child,
    messages,
    until,
    logged,
    ended,
    /** Sends SIGHUP and waits for its answer in the log. */
    async reload(answer: RegExp): Promise<void> {
      const before = lines.length;
      child.kill('SIGHUP');
      await until(String(answer), () => logged(answer, before));
    },
    of: <T extends Message['type']>(type: T, camera: string) =>
      messages.filter((message): message is Extract<Message, { type: T }> => {
        return message.type === type && message.camera === camera;
      }),
    async cameras(): Promise<{ id: string; address: string }[]> {
      const { cameras } = (await (await fetch(`${url}/v1/cameras`)).json()) as {
        cameras: { id: string; address: string }[];
      };
      return cameras;
    },
    async ids(): Promise<string[]> {
      return (await this.cameras()).map(({ id }) => id);
    },
    async stop(): Promise<number | null> {
      socket.terminate();
      child.kill('SIGTERM');
      const [code] = await ended;
      return code;
    },
  };
}

test('SIGHUP: cameras of the configuration come, change and go, and the others are not touched', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'deadpan-reload-'));
  const config = join(folder, 'deadpan.yaml');
  const configure = (fps: Readonly<Record<string, number>>): void => {
    const cameras = Object.entries(fps).map(([name, rate]) => ({
      ...{ name, address: join(folder, `${name}.mp4`), fps: rate },
    }));
    writeFileSync(config, stringify({ cameras, feed: { history: { enabled: false } } }));
  };
  for (const name of ['door', 'hall', 'yard']) copyFileSync(CLIP, join(folder, `${name}.mp4`));
  configure({ door: 2, hall: 2 });
  const live = await startLive(folder, config);
  try {
    const { until, of } = live;
    const pid = live.child.pid ?? 0;
    const epochOf = (camera: string): number | undefined => of('status', camera).at(-1)?.epoch;
    const isLive = (camera: string): boolean =>
      of('expression', camera).some(({ epoch }) => epoch === epochOf(camera));
    await until('both are analysed', () => isLive('door') && isLive('hall'));
    const before = { epoch: epochOf('door'), decoder: decoders(pid).get('door'), hall: epochOf('hall') };

    configure({ door: 2, hall: 1, yard: 2 });
    await live.reload(/the cameras were read again/);
    await until('the new one is analysed', () => isLive('yard'));
    await until('the changed one starts anew', () => epochOf('hall') !== before.hall && isLive('hall'));
    assert.deepEqual(await live.ids(), ['door', 'hall', 'yard']);

    configure({ door: 2, hall: 1 });
    await live.reload(/the cameras were read again/);
    assert.deepEqual(await live.ids(), ['door', 'hall']);
    await until('it is told that one has gone', () => of('status', 'yard').at(-1)?.state === 'removed');
    assert.deepEqual([...decoders(pid).keys()].sort(), ['door', 'hall']);
    // All that was seen of it is in a window, though no later frame closed the last one.
    const lastSeen = of('expression', 'yard').findLast(({ track }) => track !== undefined)?.time ?? NaN;
    assert.ok(of('emotion', 'yard').some(({ last }) => last === lastSeen));

    writeFileSync(config, 'cameras: [{ name: door }]');
    await live.reload(/The cameras stay as they are: .*address/);
    assert.deepEqual(await live.ids(), ['door', 'hall']);

    writeFileSync(
      config,
      stringify({
        cameras: [
          { name: 'door', address: join(folder, 'door.mp4'), fps: 9 },
          { name: 'porch', address: 'ftp://porch/live' },
        ],
      }),
    );
    await live.reload(/The cameras stay as they are: .*cameras\.1\.address.*cannot be read by/);
    assert.deepEqual(await live.ids(), ['door', 'hall']);

    assert.deepEqual(
      { epoch: epochOf('door'), decoder: decoders(pid).get('door') },
      {
        epoch: before.epoch,
        decoder: before.decoder,
      },
    );
    assert.ok(of('status', 'door').every(({ state }) => state === 'connecting' || state === 'streaming'));
    const seen = of('expression', 'door').length;
    await until('the untouched one goes on', () => of('expression', 'door').length > seen);
    assert.equal(await live.stop(), 0);
  } finally {
    live.child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});

test('SIGHUP while it starts is answered once it runs, and while it ends it changes nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'deadpan-reload-'));
  const config = join(folder, 'deadpan.yaml');
  const secret = join(folder, 'address');
  for (const name of ['door', 'hall']) copyFileSync(CLIP, join(folder, `${name}.mp4`));
  writeFileSync(
    config,
    stringify({
      cameras: [{ name: 'door', address: `file:${secret}`, fps: 2 }],
      feed: { history: { enabled: false } },
    }),
  );
  // Whoever reads the configuration waits here until somebody writes.
  execFileSync('mkfifo', [secret]);
  const live = await startLive(folder, config, [`yard=${join(folder, 'hall.mp4')}`], async (child) => {
    const pipe = await open(secret, 'w');
    child.kill('SIGHUP');
    rmSync(secret);
    writeFileSync(secret, join(folder, 'hall.mp4'));
    await pipe.writeFile(join(folder, 'door.mp4'));
    await pipe.close();
  });
  try {
    await live.until('it is read again', () => live.logged(/the cameras were read again/));
    const addresses = async (): Promise<string[]> => (await live.cameras()).map(({ address }) => address);
    const both = [join(folder, 'hall.mp4'), join(folder, 'hall.mp4')];
    assert.deepEqual(await addresses(), both);
    writeFileSync(config, stringify({ cameras: [{ name: 'yard', address: join(folder, 'door.mp4') }] }));
    await live.reload(/The cameras stay as they are: Two cameras have the same name/);
    assert.deepEqual(await addresses(), both);
    live.child.kill('SIGTERM');
    await live.until('it ends', () => live.logged(/draining/));
    live.child.kill('SIGHUP');
    assert.deepEqual(await live.ended, [0, null]);
  } finally {
    live.child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});
