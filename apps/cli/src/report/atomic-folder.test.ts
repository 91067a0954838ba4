import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';

import { createAtomicFolder } from './atomic-folder.js';
import { faceRow, openFacesTable } from './faces-table.js';
import { writing } from './output-error.js';
import { sampleExpressions } from './sample-analysis.js';
import { writeWhole } from './written-file.js';

const options = {
  names: ['record', 'faces.csv', 'annotated.mp4', 'references', 'summary.json'],
  inFolders: /^track-/,
  seal: 'summary.json',
  isOwn: (folder: string) => Promise.resolve(existsSync(join(folder, 'record'))),
  working: ['checkpoint'],
};
let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'deadpan-folder-'));
});
after(() => rm(root, { recursive: true }));

/** A file system of 64 KB, or one that is read-only; false where this machine lets nobody mount one. */
function mounted(t: TestContext, at: string, flags: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', flags, 'tmpfs', at], { stdio: 'ignore' });
  } catch {
    t.skip('only root may mount a file system');
    return false;
  }
  t.after(() => {
    execFileSync('umount', [at]);
  });
  return true;
}

test('results appear at once and nothing hidden stays', async () => {
  const target = join(root, 'deep/er/clip');
  const folder = await createAtomicFolder(target, options);
  await writeFile(join(folder.path, 'faces.csv'), 'x');
  await writeFile(join(folder.path, 'summary.json'), '{}');
  await writeFile(join(folder.path, 'checkpoint'), 'no result');
  assert.deepEqual(await readdir(join(root, 'deep/er')), ['.clip.partial']);
  await folder.publish();
  assert.deepEqual(await readdir(join(root, 'deep/er')), ['clip']);
  assert.deepEqual(await readdir(target), ['faces.csv', 'summary.json']);
});

test('a second run replaces its own files and leaves the results of inputs deeper down', async () => {
  const target = join(root, 'again');
  await mkdir(join(target, 'references'), { recursive: true });
  await mkdir(join(target, 'other-input'));
  const old = ['record', 'annotated.mp4', 'summary.json', 'references/track-9.png', 'other-input/faces.csv'];
  for (const name of old) await writeFile(join(target, name), 'old');
  const folder = await createAtomicFolder(target, options);
  await mkdir(join(folder.path, 'references'));
  await writeFile(join(folder.path, 'references/track-1.png'), 'new');
  await writeFile(join(folder.path, 'summary.json'), 'new');
  await folder.publish();
  assert.deepEqual(await readdir(target), ['other-input', 'references', 'summary.json']);
  assert.deepEqual(await readdir(join(target, 'references')), ['track-1.png']);
  assert.equal(await readFile(join(target, 'summary.json'), 'utf8'), 'new');
  assert.ok(!(await readdir(root)).includes('.again.partial'));
});

test('what Deadpan did not make is not replaced, not even in a folder of its own', async () => {
  const target = join(root, 'papers');
  await mkdir(join(target, 'references'), { recursive: true });
  await writeFile(join(target, 'references/paper.pdf'), 'precious');
  const inTheWay = { code: 'E_OUTPUT', message: /papers cannot be written: a folder that is not empty/ };
  await assert.rejects(createAtomicFolder(target, options), inTheWay);
  assert.ok(!existsSync(join(root, '.papers.partial')));

  await rename(join(target, 'references'), join(target, 'elsewhere'));
  const folder = await createAtomicFolder(target, options);
  await writeFile(join(folder.path, 'checkpoint'), 'to go on from');
  await rename(join(target, 'elsewhere'), join(target, 'references'));
  await assert.rejects(folder.publish(), inTheWay);
  assert.deepEqual(await readdir(folder.path), ['checkpoint'], 'the work is not lost');

  await writeFile(join(target, 'record'), 'own');
  await writeFile(join(target, 'references/track-9.png'), 'old');
  await mkdir(join(folder.path, 'references'));
  await writeFile(join(folder.path, 'references/track-1.png'), 'new');
  await folder.publish();
  assert.deepEqual(await readdir(join(target, 'references')), ['paper.pdf', 'track-1.png']);
});

test('what an interrupted run left is thrown away, or kept to go on with', async () => {
  const target = join(root, 'interrupted');
  const first = await createAtomicFolder(target, options);
  await writeFile(join(first.path, 'faces.csv'), 'half');
  const resumed = await createAtomicFolder(target, { ...options, resume: true });
  assert.deepEqual(await readdir(resumed.path), ['faces.csv']);
  const anew = await createAtomicFolder(target, options);
  assert.deepEqual(await readdir(anew.path), []);
  await anew.discard();
  assert.ok(!(await readdir(root)).some((name) => name.includes('interrupted')));
});

test('nobody else may enter the hidden folder; who may enter what appears is up to the umask', async () => {
  const target = join(root, 'modes');
  const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
  const first = await createAtomicFolder(target, options);
  assert.equal(await modeOf(first.path), 0o700);
  await chmod(first.path, 0o755);
  const resumed = await createAtomicFolder(target, { ...options, resume: true });
  assert.equal(await modeOf(resumed.path), 0o700, 'one that an earlier version left open is closed');
  await writeFile(join(resumed.path, 'summary.json'), '{}');
  await resumed.publish();
  await mkdir(join(root, 'any'));
  assert.equal(await modeOf(target), await modeOf(join(root, 'any')));
  assert.deepEqual(await readdir(target), ['summary.json']);
});

test('a file in the way is named', async () => {
  await writeFile(join(root, 'file'), 'x');
  await assert.rejects(createAtomicFolder(join(root, 'file'), options), {
    code: 'E_OUTPUT',
    message: /file cannot be written: a file of that name is in the way\.$/,
  });
  await assert.rejects(createAtomicFolder(join(root, 'file/below'), options), { code: 'E_OUTPUT' });
});

test('a folder without write permission is named', async (t) => {
  const at = await mkdtemp(join(root, 'read-only-'));
  if (!mounted(t, at, 'ro,size=64k')) return;
  await assert.rejects(createAtomicFolder(join(at, 'clip'), options), {
    code: 'E_OUTPUT',
    message: /the file system is read-only/,
  });
});

test('a full disk ends the table with a sentence, and the hidden folder can be removed', async (t) => {
  const at = await mkdtemp(join(root, 'full-'));
  if (!mounted(t, at, 'size=64k')) return;
  const folder = await createAtomicFolder(join(at, 'clip'), options);
  const table = await openFacesTable(join(folder.path, 'faces.csv'));
  await assert.rejects(
    async () => {
      for (const expression of sampleExpressions(undefined, { seconds: 60 })) {
        await table.write(faceRow(expression));
      }
    },
    { code: 'E_OUTPUT', message: /the disk is full/ },
  );
  await assert.rejects(table.close(), { code: 'E_OUTPUT' });
  await assert.rejects(writeWhole(join(at, 'run.json'), 'x'.repeat(100_000)), { code: 'E_OUTPUT' });
  await folder.discard();
  assert.deepEqual(await readdir(at), []);
});

test('a bug stays a bug', async () => {
  await assert.rejects(
    writing('here', () => Promise.reject(new TypeError('bug'))),
    TypeError,
  );
});
