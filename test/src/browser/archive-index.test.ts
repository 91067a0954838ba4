import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import type { Browser, Page } from 'playwright-core';

import { CLIP, deadpan } from '../analyze/command-line.js';
import { seriousFaults } from './axe.js';
import { startChromium } from './chromium.js';

/* The index over the reports of a run, opened from the folder as a person does: filters, sorting, links. */

const folder = mkdtempSync(join(tmpdir(), 'deadpan-index-'));
const out = join(folder, 'out');
let browser: Browser;
let page: Page;
const complaints: string[] = [];

before(async () => {
  const media = join(folder, 'media');
  mkdirSync(join(media, 'Monday'), { recursive: true });
  const ffmpeg = (...args: string[]): void =>
    void execFileSync('ffmpeg', ['-nostdin', '-v', 'error', ...args]);
  const part = (start: string, seconds: string, name: string): void => {
    ffmpeg('-ss', start, '-i', CLIP, '-t', seconds, '-an', join(media, name));
  };
  part('0', '1', 'Monday/cam 2.mp4');
  part('0', '3', 'Monday/cam 10.mp4');
  ffmpeg('-f', 'lavfi', '-i', 'testsrc=s=64x48:r=5:d=2', '-pix_fmt', 'yuv420p', join(media, 'nobody.mp4'));
  writeFileSync(join(media, 'broken.mp4'), 'This is not a video.\n'.repeat(100));
  const { code, stderr } = await deadpan(['analyze', media, '--fps', '5', '--out', out, '--quiet']);
  assert.equal(code, 1, stderr);
  browser = await startChromium();
  page = await browser.newPage();
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
});
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

const open = () => page.goto(pathToFileURL(join(out, 'index.html')).href);
/** The rows that are to be seen, from above, by their file. */
const shown = async (): Promise<string[]> => {
  const names = await page.locator('tbody tr:visible td.name').allInnerTexts();
  return names.map((name) => /[^/]+\.mp4/.exec(name)?.[0] ?? name);
};
const counted = () => page.locator('output').innerText();
const ALL = ['broken.mp4', 'cam 10.mp4', 'cam 2.mp4', 'nobody.mp4'];

test('the filters leave the rows that fit all of them, and say how many', async () => {
  await open();
  assert.deepEqual([(await shown()).sort(), await counted()], [ALL, 'All 4 inputs']);
  const words = page.getByLabel('Name contains');
  await words.fill('MONDAY 10');
  assert.deepEqual([await shown(), await counted()], [['cam 10.mp4'], '1 of 4 inputs']);
  await words.fill('');
  await page.getByLabel('State').selectOption('failed');
  assert.deepEqual([await shown(), await counted()], [['broken.mp4'], '1 of 4 inputs']);
  await page.getByLabel('State').selectOption('done');
  await page.getByLabel('Tracks at least').fill('1');
  assert.deepEqual((await shown()).sort(), ['cam 10.mp4', 'cam 2.mp4']);
  await page.getByLabel('Tracks at least').fill('0');
  assert.deepEqual((await shown()).sort(), ['cam 10.mp4', 'cam 2.mp4', 'nobody.mp4']);
});

test('a filter by expression goes by its share of all faces', async () => {
  await open();
  /** As faces.csv has it, in percent. */
  const share = (name: string): number => {
    const rows = readFileSync(join(out, 'Monday', name, 'faces.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1);
    const faces = rows.filter((row) => row.split(',')[2] !== '');
    return (faces.filter((row) => row.includes(',neutral,')).length / faces.length) * 100;
  };
  const [two, ten] = [share('cam 2'), share('cam 10')];
  assert.ok(two > Math.ceil(ten) && ten > 0, `${two} % and ${ten} % neutral`);
  await page.getByLabel('Shows').selectOption('neutral');
  assert.deepEqual((await shown()).sort(), ['cam 10.mp4', 'cam 2.mp4'], 'only those with a face');
  const least = page.getByLabel('in at least %');
  await least.fill(String(Math.floor(ten)));
  assert.deepEqual((await shown()).sort(), ['cam 10.mp4', 'cam 2.mp4']);
  await least.fill(String(Math.ceil(ten)));
  assert.deepEqual([await shown(), await counted()], [['cam 2.mp4'], '1 of 4 inputs']);
});

test('a click on a heading sorts, a second one the other way, and the filters stay', async () => {
  await open();
  const heading = (name: string) => page.getByRole('button', { name });
  await heading('Frames').click();
  assert.deepEqual(await shown(), ['broken.mp4', 'cam 2.mp4', 'nobody.mp4', 'cam 10.mp4']);
  assert.equal(
    await page.getByRole('columnheader', { name: 'Frames' }).getAttribute('aria-sort'),
    'ascending',
  );
  await heading('Frames').click();
  assert.deepEqual(await shown(), ['cam 10.mp4', 'nobody.mp4', 'cam 2.mp4', 'broken.mp4']);
  await page.getByLabel('Name contains').fill('cam');
  await heading('Input').click();
  assert.deepEqual(await shown(), ['cam 2.mp4', 'cam 10.mp4'], 'numbers as people count');
  assert.equal(await page.getByRole('columnheader', { name: 'Frames' }).getAttribute('aria-sort'), 'none');
});

test('a name leads to its report, and nobody is kept out', async () => {
  await open();
  assert.deepEqual(await seriousFaults(page), []);
  await page.getByRole('link', { name: 'cam 2.mp4' }).click();
  await page.waitForURL(/Monday\/cam%202\/report\.html$/);
  assert.match(await page.title(), /cam 2\.mp4/);
  assert.deepEqual(complaints, [], 'its own security policy forbids it nothing');
});
