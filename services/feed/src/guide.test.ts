import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { clientMessage, loadConfig } from '@deadpan/shared';
import { z } from 'zod';

import { feedConfig } from './config.js';
import { emotionOf, keepCameras, startFeed } from './feed-fixture.js';
import { createLiveState } from './live-state.js';
import { createPictureStore } from './picture-store.js';
import { createRoutes } from './routes.js';

const root = new URL('../../../', import.meta.url);
const guide = readFileSync(new URL('docs/live.md', root), 'utf8');
const run = promisify(execFile);

test('the guide to the feed names every address, and who may use it', () => {
  const config = feedConfig.parse({});
  const routes = createRoutes({
    config,
    version: '0.0.0',
    window: { size: 1, hop: 0.5 },
    cameras: keepCameras(),
    state: createLiveState(config.trackSeconds),
    history: undefined,
    pictures: createPictureStore({ pixels: 'off', seconds: 1, watched: () => false }),
  });
  const named = [...guide.matchAll(/^\| `(GET|POST|PATCH|DELETE) (\/v1\/\S+)` +\| (\w+)/gm)].map(
    ([, method, path, role]) => `${method} ${path} ${role}`,
  );
  assert.deepEqual(
    named.sort(),
    routes.map(({ method, path, role }) => `${method} /${path.join('/')} ${role}`).sort(),
  );
});

test("the guide's subscription is one that the feed takes", () => {
  const [, example = ''] = /```json\n(.*subscribe.*)\n```/.exec(guide) ?? [];
  assert.equal(clientMessage.parse(JSON.parse(example)).type, 'subscribe');
});

test('the example client prints windows, and ends with a clear word where its token is wrong', async () => {
  const token = 'viewer-token-0123456789';
  const feed = await startFeed({ tokens: [{ token, role: 'viewer' }] });
  try {
    await feed.publishEmotion(emotionOf('door', 'ada', 1_800_000_000_000_000));
    await feed.publishEmotion(emotionOf('hall', 'bob', 1_800_000_000_000_000));
    const example = fileURLToPath(new URL('examples/follow-feed.mjs', root));
    const url = `${feed.url.replace(/^http/, 'ws')}/v1/live`;
    const follow = (more: readonly string[], variables: NodeJS.ProcessEnv = {}): ReturnType<typeof run> =>
      run(process.execPath, [example, '--url', url, ...more], { env: { ...process.env, ...variables } });
    const door = ['--camera', 'door', '--limit', '1'];
    for (const [more, variables] of [
      [['--token', token, ...door], {}],
      [door, { FEED_TOKEN: token }],
    ] as const) {
      const { stdout } = await follow(more, variables);
      assert.equal(stdout, '2027-01-15T08:00:00.000Z  door  ada  happiness 65 %  intensity 0.5\n');
    }
    await assert.rejects(follow(['--token', 'another-token-0123456789']), /The feed refused: 401/);
  } finally {
    await feed.close();
  }
});

test('no variable of an example or of the guide keeps deadpan from reading its configuration in the same shell', () => {
  const folder = new URL('examples/', root);
  const texts = readdirSync(folder)
    .filter((name) => /\.(mjs|sh)$/.test(name))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'));
  const named = [guide, ...texts].flatMap((text) => text.match(/\b(DEADPAN_[A-Z_]+|[A-Z_]+_TOKEN)\b/g) ?? []);
  assert.ok(named.includes('FEED_TOKEN'));
  const environment = Object.fromEntries(named.map((name) => [name, 'a-token-0123456789']));
  loadConfig(z.strictObject({ feed: feedConfig.prefault({}) }), { environment });
});
