import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { CLI, CLIP, deadpan } from './command-line.js';

/* What a person at a terminal sees: bars that go, the reason of a failure, and the prompt again. */

const folder = mkdtempSync(join(tmpdir(), 'deadpan-terminal-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const media = join(folder, 'media');
mkdirSync(media);
copyFileSync(CLIP, join(media, 'a.mp4'));
copyFileSync(CLIP, join(media, 'b.mp4'));
writeFileSync(join(media, 'c.mp4'), 'This is not a video.\n'.repeat(100));

const CTRL_C = '\x03';
const quoted = (word: string): string => `'${word}'`;

/** Runs `deadpan` on a terminal of its own, its table aside, and presses Ctrl-C where the screen holds `interruptAt`. */
async function onTerminal(
  signal: AbortSignal,
  args: readonly string[],
  interruptAt?: RegExp,
  env: NodeJS.ProcessEnv = {},
) {
  const command = [process.execPath, CLI, ...args].map(quoted).join(' ');
  const terminal = spawn('script', ['-qec', `${command} > ${quoted(join(folder, 'table'))}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
    signal,
  });
  let screen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    const before = interruptAt?.test(screen) ?? true;
    screen += text;
    if (!before && interruptAt?.test(screen) === true) terminal.stdin.write(CTRL_C);
  });
  const [code] = (await once(terminal, 'close')) as [number | null];
  return { code, screen };
}

const timeout = 120_000;

test('Ctrl-C on a terminal gives the prompt back', { timeout }, async ({ signal }) => {
  const args = ['analyze', join(media, 'a.mp4'), '--out', join(folder, 'interrupted')];
  const { code, screen } = await onTerminal(signal, args, /\d+ frames/);
  assert.equal(code, 130, screen);
  assert.match(screen, /E_INTERRUPTED/);
});

test('a shard on a terminal ends, and says why its last input failed', { timeout }, async ({ signal }) => {
  const args = ['analyze', media, '--out', join(folder, 'shard'), '--fps', '2', '--shard', '3/3'];
  const { code, screen } = await onTerminal(signal, args);
  assert.equal(code, 1, screen);
  assert.match(screen, /failed +.*c\.mp4: .*E_INPUT_FORMAT/);
});

test(
  'how long it all takes is said in its first seconds, on a terminal and in a pipe',
  { timeout },
  async ({ signal }) => {
    // As slow as the clip itself, wherever this runs.
    const inRealTime = join(folder, 'ffmpeg-in-real-time');
    const script =
      '#!/bin/sh\ncase "$*" in *-version*|*-h*full*) exec ffmpeg "$@";; esac\nexec ffmpeg -re "$@"\n';
    writeFileSync(inRealTime, script, { mode: 0o755 });
    const env = { FFMPEG_PATH: inRealTime };
    const argsTo = (out: string): string[] => [
      ...['analyze', CLIP, '--fps', '2', '--end', '8', '--out', join(folder, out)],
    ];
    const [terminal, pipe] = await Promise.all([
      onTerminal(signal, argsTo('estimated'), undefined, env),
      deadpan(argsTo('estimated-in-pipe'), { env }),
    ]);
    for (const said of [terminal.screen, pipe.stderr]) {
      const sentences = said.match(/All of it takes about \d+:\d\d at [\d.]+ frames a second\./g) ?? [];
      assert.equal(sentences.length, 1, said);
    }
  },
);
