import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';

import { expandInputs } from './expand-inputs.js';

const folder = mkdtempSync(join(tmpdir(), 'deadpan-inputs-'));
after(() => {
  rmSync(folder, { recursive: true });
});
for (const path of ['b.mp4', 'a.mp4', 'a.mkv', 'deep/er/c.MOV', 'deep/notes.txt', 'other/b.mp4', '[x].mp4']) {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), 'x');
}
mkdirSync(join(folder, 'empty'));
const at = (path: string): string => join(folder, path);

test('a folder gives its media in a stable order, below its own name, extensions kept where names would meet', async () => {
  assert.deepEqual(
    (await expandInputs([folder])).inputs.map(({ output }) => output),
    ['[x]', 'a.mkv', 'a.mp4', 'b', 'deep/er/c', 'other/b'],
  );
});

test('what a phone or a disc writes is found in a folder, in capitals too, and text is not', async () => {
  const root = at('phone');
  mkdirSync(root);
  for (const name of ['IMG_1.HEIC', 'img_2.jfif', 'img_3.avif', 'VTS_1.VOB', 'clip.3g2', 'notes.txt']) {
    writeFileSync(join(root, name), 'x');
  }
  assert.deepEqual(
    (await expandInputs([root])).inputs.map(({ output }) => output),
    ['IMG_1', 'VTS_1', 'clip', 'img_2', 'img_3'],
  );
  rmSync(root, { recursive: true });
});

test('files keep their order; the same file counts once; equal names from two places are told apart', async () => {
  const { inputs } = await expandInputs([at('other/b.mp4'), at('b.mp4'), at('./b.mp4')]);
  assert.deepEqual(
    inputs.map(({ path, output }) => [path, output]),
    [
      [at('other/b.mp4'), 'other/b'],
      [at('b.mp4'), 'b'],
    ],
  );
});

test('the matches of a glob are named by their way below its fixed part, so that a new one moves no other', async () => {
  const root = at('sessions');
  const add = (session: string): void => {
    mkdirSync(join(root, session), { recursive: true });
    writeFileSync(join(root, session, 'cam.mkv'), 'x');
  };
  const found = async (...names: string[]): Promise<string[]> =>
    (await expandInputs(names)).inputs.map(({ output }) => output);
  add('s01');
  add('s02');
  assert.deepEqual(await found(join(root, '**/*.mkv')), ['s01/cam', 's02/cam']);
  add('s00');
  assert.deepEqual(await found(join(root, '**/*.mkv')), ['s00/cam', 's01/cam', 's02/cam']);
  assert.deepEqual(await found(join(relative('.', root), 's0[12]/*.mkv')), ['s01/cam', 's02/cam']);
  // A shell may have taken the pattern apart.
  const files = ['s00', 's01', 's02'].map((session) => join(root, session, 'cam.mkv'));
  assert.deepEqual(await found(...files), ['s00/cam', 's01/cam', 's02/cam']);
  // A fixed part with escapes, and one that is left again.
  add('(1)/s03');
  assert.deepEqual(await found(`${root}/\\(1\\)/*/cam.mkv`), ['s03/cam']);
  assert.deepEqual(await found(`${root}/s01/*/../../s02/*.mkv`), ['cam']);
  rmSync(root, { recursive: true });
});

test('results stay in their folder when a file comes whose name is alike', async () => {
  const hasResults = (path: string, output: string): Promise<boolean> =>
    Promise.resolve(path === at('a.mp4') && output === 'a');
  const outputs = async (...names: string[]): Promise<string[]> =>
    (await expandInputs(names, undefined, hasResults)).inputs.map(({ output }) => output);
  assert.deepEqual(await outputs(at('a.mkv'), at('a.mp4')), ['a.mkv', 'a']);
});

test('a glob gives its matches; a file that looks like a glob is that file', async () => {
  assert.deepEqual(
    (await expandInputs([at('*.mkv')])).inputs.map(({ path }) => path),
    [at('a.mkv')],
  );
  assert.deepEqual(
    (await expandInputs([at('[x].mp4')])).inputs.map(({ output }) => output),
    ['[x]'],
  );
});

test('names that lead to nothing are said, and the others go on', async () => {
  const names = [at('none.mp4'), at('empty'), at('*.webm'), at('b.mp4')];
  const { inputs, failures } = await expandInputs(names);
  assert.deepEqual(
    failures.map(({ input, error }) => [input, error.code, error.message.includes(input)]),
    [
      [names[0], 'E_INPUT_MISSING', true],
      [names[1], 'E_INPUT_EMPTY', true],
      [names[2], 'E_INPUT_EMPTY', true],
    ],
  );
  assert.deepEqual(
    inputs.map(({ output }) => output),
    ['b'],
  );
});

test('results below the folder or glob that was named are no inputs of the next run, unless they are named themselves', async () => {
  const root = at('archive');
  const out = join(root, 'results');
  const drawn = join(out, 'talk', 'annotated.mp4');
  for (const path of [join(root, 'talk.mp4'), join(root, 'results-2020', 'old.mp4'), drawn]) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'x');
  }
  const found = async (name: string, folder: string): Promise<string[]> =>
    (await expandInputs([name], folder)).inputs.map(({ path }) => relative(root, path)).sort();
  const meant = [join('results-2020', 'old.mp4'), 'talk.mp4'];
  assert.deepEqual(await found(root, out), meant);
  assert.deepEqual(await found(root, `${relative('.', out)}/`), meant);
  assert.deepEqual(await found(join(root, '**/*.mp4'), out), meant);
  assert.deepEqual(await found(join(relative('.', root), '**/*.mp4'), out), meant);
  assert.deepEqual(await found(drawn, out), [relative(root, drawn)]);
  assert.deepEqual(await found(join(out, '*/*.mp4'), out), [relative(root, drawn)]);
  // Inputs are not left out because their results go to them.
  const everything = [...meant, relative(root, drawn)].sort();
  for (const above of [root, folder]) assert.deepEqual(await found(root, above), everything);
  rmSync(root, { recursive: true });
});

/** Works as somebody whom the modes of files hold back, as they do not root. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

test('folders that cannot be read are named, and what else is there is found', async () => {
  const root = at('people');
  for (const person of ['P16', 'P17']) {
    mkdirSync(join(root, person), { recursive: true });
    writeFileSync(join(root, person, 'talk.mp4'), 'x');
  }
  symlinkSync('turning', join(root, 'turning'));
  symlinkSync('unmounted', join(root, 'gone'));
  const found = async (name: string) => {
    const { inputs, failures } = await expandInputs([name]);
    return [
      inputs.map(({ output }) => output),
      failures.map(({ input, error }) => [relative(root, input), error.code, error.message.includes(input)]),
    ];
  };
  chmodSync(folder, 0o755);
  // Nobody looks for inputs in what is hidden, or the file system's own.
  for (const name of ['.talk.partial', 'lost+found']) mkdirSync(join(root, name), 0o000);
  chmodSync(join(root, 'P17'), 0o000);
  await asNobody(async () => {
    const unreadable = [
      ['P17', 'E_INPUT_MISSING', true],
      ['turning', 'E_INPUT_MISSING', true],
    ];
    for (const name of [root, join(root, '**/*.mp4'), relative('.', root)])
      assert.deepEqual(await found(name), [['P16/talk'], unreadable], name);
    assert.deepEqual(await found(join(root, 'P17')), [[], [['P17', 'E_INPUT_MISSING', true]]]);
  });
  rmSync(root, { recursive: true });
});

test('a file counts once by whatever links it is found, under its own name, and results are none by any', async () => {
  const root = at('days');
  const day = join(root, 'z-2024-05-01');
  const out = at('scratch');
  for (const path of [join(day, 'cam.mp4'), join(out, 'cam', 'annotated.mp4'), join(root, 'own', 'x.mp4')]) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'x');
  }
  symlinkSync('z-2024-05-01', join(root, 'latest'));
  symlinkSync('.', join(root, 'again'));
  symlinkSync(join(day, 'cam.mp4'), join(root, 'best.mp4'));
  symlinkSync(out, join(root, 'results'));
  symlinkSync(root, at('linked'));
  for (const name of [root, at('linked'), join(root, '**/*.mp4')]) {
    const { inputs, failures } = await expandInputs([name, join(root, 'latest/cam.mp4')], out);
    assert.deepEqual(
      inputs.map(({ output }) => output),
      ['own/x', 'z-2024-05-01/cam'],
      name,
    );
    assert.deepEqual(failures, []);
  }
  for (const path of [root, out, at('linked')]) rmSync(path, { recursive: true });
});
