import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startChromium } from './chromium.js';

const root = new URL('../../../', import.meta.url);
const path = (relative: string): string => fileURLToPath(new URL(relative, root));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves with the first line of a child's log that fits. */
function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stderr } = child;
    if (stderr === null) throw new TypeError('the child has no log');
    const said: string[] = [];
    createInterface({ input: stderr }).on('line', (line) => {
      said.push(line);
      if (pattern.test(line)) resolve(line);
    });
    child.once('exit', () => {
      reject(new Error(`ended without saying ${pattern.source}: ${said.join('\n')}`));
    });
  });
}

test('deadpan live: a camera is added on the page, a face appears and changes, the camera dies and comes back', async (t) => {
  const { buildRtspServer } = (await import(new URL('infra/rtsp/build.mjs', root).href)) as {
    buildRtspServer: () => string | null;
  };
  const binary = buildRtspServer();
  if (binary === null) {
    t.skip('Go is not installed');
    return;
  }
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]): ChildProcess => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(child);
    return child;
  };
  const rtsp = await freePort();
  const publish = (): ChildProcess =>
    start('ffmpeg', [
      ...['-v', 'error', '-re', '-stream_loop', '-1', '-i', path('test/media/clip.mp4'), '-c', 'copy'],
      ...['-f', 'rtsp', '-rtsp_transport', 'tcp', `rtsp://127.0.0.1:${rtsp}/door`],
    ]);
  const browser = await startChromium();
  try {
    const server = start(binary, ['-listen', `127.0.0.1:${rtsp}`]);
    await lineOf(server, /listening/);
    let publisher = publish();
    const live = start(process.execPath, [
      ...[path('apps/cli/bin/deadpan.js'), 'live', '--listen', '127.0.0.1:0', '--pixels', 'frames'],
    ]);
    const { url } = JSON.parse(await lineOf(live, /the dashboard is at/)) as { url: string };
    live.stderr?.resume();

    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(60_000);
    await page.goto(url);
    await page.getByRole('button', { name: 'Add a camera' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('door');
    await dialog.getByLabel('Address').fill(`rtsp://user:geheim@127.0.0.1:${rtsp}/door`);
    await dialog.getByRole('button', { name: 'Probe' }).click();
    await dialog.getByText(/Reached: h264, 640 × 360, 25 frames a second/).waitFor();
    await dialog.getByText(/Stream #0:0.*Video: h264/).waitFor();
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByRole('img', { name: 'First picture of the camera' }).waitFor();
    await dialog.getByRole('button', { name: 'Add this camera' }).click();

    const card = page.locator('.card[data-camera="door"]');
    await card.locator('.state', { hasText: 'Live' }).waitFor();
    await card.locator('.people .swatch').first().waitFor();
    await card.locator('img[alt="Picture of door, now"]').waitFor();
    assert.doesNotMatch(await page.content(), /geheim/);

    await card.getByRole('link', { name: 'door' }).click();
    const stage = page.locator('.stage canvas');
    // A face of a real picture is drawn, and everybody in the clip smiles at times and is neutral at others.
    for (const expression of ['happiness', 'neutral']) {
      await page.locator(`.stage canvas[aria-label*="${expression}"]`).waitFor();
    }
    assert.match((await stage.getAttribute('aria-label')) ?? '', /Person .*: \w+ \d+ %, intensity \d+ %/);
    if (process.env['SCREENSHOTS'] !== undefined) {
      await page.screenshot({ path: path('docs/reference/dashboard/live-rtsp.png'), fullPage: true });
    }

    publisher.kill('SIGKILL');
    await page.getByRole('link', { name: 'Wall' }).click();
    await card.locator('.offline').waitFor();
    await card.getByText(/^Old picture/).waitFor();
    await card.locator('.last-error').waitFor();
    publisher = publish();
    await card.locator('img[alt="Picture of door, now"]').waitFor();
    await card.locator('.people .swatch').first().waitFor();

    await page.getByRole('navigation').getByRole('link', { name: 'History' }).click();
    await page.locator('.person').first().waitFor();

    live.kill('SIGTERM');
    const [code] = (await once(live, 'exit')) as [number | null];
    assert.equal(code, 0);
  } finally {
    await browser.close();
    for (const child of children) child.kill('SIGKILL');
  }
});
