import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';

import { CLI } from '../analyze/command-line.js';

/** Nobody is there, and whoever is to read it says so in the log. */
const CAMERA = 'door=rtsp://bob:s3cr%40t@127.0.0.1:9/live?token=hunter2';
const SHOWN = 'door=rtsp://127.0.0.1:9/live?token=***';
const SECRETS = /bob|s3cr|hunter2/;

/** Starts the program; resolves with the address that it listens on, once its log has said `sign` too. */
async function started(
  t: TestContext,
  args: readonly string[],
  sign: RegExp,
): Promise<{ readonly pid: number; readonly url: string; readonly said: string }> {
  const child = spawn(process.execPath, [CLI, ...args, '--listen', '127.0.0.1:0'], {
    env: { ...process.env, DEADPAN_KAFKA_BROKERS: '[127.0.0.1:9]' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    const url = /"url":"([^"]+)"/.exec(said)?.[1];
    if (url !== undefined && sign.test(said)) return { pid: child.pid ?? 0, url, said };
  }
  assert.fail(`it ended: ${said}`);
}

/** The arguments of a process as every user of the machine reads them; a title fills up with zeros. */
const argumentsOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '');

test(
  'the password of a camera is shown by neither the arguments, the log, the feed nor the metrics of live',
  { timeout: 60_000 },
  async (t) => {
    const { pid, url, said } = await started(t, ['live', CAMERA, '--fps', '2'], /nothing answers/);
    assert.equal(argumentsOf(pid), `deadpan live ${SHOWN} --fps 2 --listen 127.0.0.1:0`);
    const answers = ['/v1/cameras', '/v1/cameras/door', '/metrics'].map(async (path) => {
      const answer = await fetch(`${url}${path}`);
      assert.equal(answer.status, 200);
      return answer.text();
    });
    for (const told of [said, ...(await Promise.all(answers))]) assert.doesNotMatch(told, SECRETS);
  },
);

test('nor by the arguments of a service that puts the camera on the list', { timeout: 60_000 }, async (t) => {
  const { pid, said } = await started(t, ['service', 'ingest', CAMERA], /"url"/);
  assert.equal(argumentsOf(pid), `deadpan service ingest ${SHOWN} --listen 127.0.0.1:0`);
  assert.doesNotMatch(said, SECRETS);
});

test('an address that cannot be one is refused without being repeated', { timeout: 60_000 }, async (t) => {
  await assert.rejects(started(t, ['live', 'ftp://bob:s3cret@127.0.0.1/live'], /"url"/), (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /cannot be read by "ftp".*E_USAGE/);
    assert.doesNotMatch(error.message, SECRETS);
    return true;
  });
});
