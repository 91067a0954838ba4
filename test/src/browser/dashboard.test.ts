import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { dashboardRoot } from '@deadpan/dashboard';
import { createFeedServer, feedConfig, type FeedServer } from '@deadpan/feed';
import { createLogger } from '@deadpan/shared/telemetry';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { Registry } from 'prom-client';
import type { z } from 'zod';

import { seriousFaults } from './axe.js';
import { startChromium } from './chromium.js';
import { emotionOf } from './scene.js';
import { createStageCameras, type StageCameras } from './stage-cameras.js';

const ADA = { track: 'ada-51c2', x: 0.32, y: 0.42, size: 0.22, phase: 0 };
const BOB = { track: 'bob-9d07', x: 0.68, y: 0.46, size: 0.2, phase: 30 };

/** Pictures of the page go where the documentation shows them from, when asked for. */
const pictures =
  process.env['SCREENSHOTS'] === undefined
    ? undefined
    : fileURLToPath(new URL('../../../docs/reference/dashboard/', import.meta.url));

let browser: Browser;
before(async () => {
  browser = await startChromium();
  if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
});
after(() => browser.close());

async function shoot(page: Page, name: string, fullPage = false): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage });
}

interface Theatre {
  readonly feed: FeedServer;
  readonly cameras: StageCameras;
  readonly page: Page;
  /** What the page complained about in its console. */
  readonly complaints: readonly string[];
}

function openFeed(cameras: StageCameras, config: z.input<typeof feedConfig>, hop = 0.5): Promise<FeedServer> {
  return createFeedServer({
    config: feedConfig.parse({ listen: '127.0.0.1:0', pixels: 'frames', ...config }),
    cameras: cameras.registry,
    version: '0.0.0',
    window: { size: 1, hop },
    registry: new Registry(),
    logger: createLogger({ level: 'silent', name: 'test' }),
    staticRoot: dashboardRoot,
  });
}

/** A feed with two cameras, the history of the last minutes, and a page that looks at it. */
async function inTheatre(
  {
    config = {},
    hop,
    ...context
  }: BrowserContextOptions & { config?: z.input<typeof feedConfig>; hop?: number },
  body: (theatre: Theatre) => Promise<void>,
): Promise<void> {
  const cameras = createStageCameras({ 'front door': [ADA, BOB], hall: [] });
  const feed = await openFeed(cameras, config, hop);
  const nowUs = Math.floor(Date.now() / 1000) * 1_000_000;
  const past: Promise<void>[] = [];
  for (let age = 240; age > 0; age -= 0.5) {
    // Ada went away for half a minute.
    if (age > 60 && age < 90) continue;
    past.push(feed.publishEmotion(emotionOf('front door', 0, ADA, nowUs - age * 1_000_000)));
    if (age < 110) past.push(feed.publishEmotion(emotionOf('front door', 0, BOB, nowUs - age * 1_000_000)));
  }
  await Promise.all(past);
  cameras.play(feed);
  const opened = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...context });
  const page = await opened.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    const expected = /Failed to load resource|WebSocket connection/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  try {
    await page.goto(feed.url);
    await body({ feed, cameras, page, complaints });
    assert.deepEqual(complaints, []);
  } finally {
    await opened.close();
    await cameras.stop();
    await feed.close();
  }
}

const card = (page: Page, camera: string): ReturnType<Page['locator']> =>
  page.locator(`.card[data-camera="${camera}"]`);

describe('dashboard', () => {
  test('the wall shows how every camera is, and an offline one cannot be mistaken for a live one', () =>
    inTheatre({}, async ({ cameras, page }) => {
      const door = card(page, 'front door');
      await door.locator('.state', { hasText: 'Live' }).waitFor();
      await door.getByText('25.0 fps').waitFor();
      await door.getByText('ada-51c2').waitFor();
      await door.locator('img[alt="Picture of front door, now"]').waitFor();
      await page.getByRole('complementary', { name: 'Notice' }).waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      await shoot(page, 'wall');
      cameras.set('front door', {
        ...{ state: 'waiting', stalls: 1, reconnects: 2 },
        lastError: 'Connection to rtsp://***@front-door.example/live timed out: no answer within 5 s.',
      });
      await door.getByText('Offline', { exact: true }).first().waitFor();
      await door.getByText(/timed out: no answer within 5 s/).waitFor();
      await door.getByText(/^Old picture: /).waitFor();
      await page.getByText('1 of 2 live').waitFor();
      await door.locator('.health').hover();
      await door.getByRole('tooltip').getByText('1 stall and 2 reconnects').waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      await shoot(page, 'wall-offline');
      cameras.set('front door', { state: 'streaming', epoch: 1, sequence: 0 });
      await door.locator('.state', { hasText: 'Live' }).waitFor();
      await door.locator('img[alt="Picture of front door, now"]').waitFor();
    }));

  test('a camera is added in three steps, edited, paused and removed', () =>
    inTheatre({}, async ({ cameras, page }) => {
      await page.getByRole('button', { name: 'Add a camera' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('hall');
      await dialog.getByLabel('Address').fill('rtsp://user:secret@nowhere.example/live');
      await dialog.getByRole('button', { name: 'Probe' }).click();
      await dialog.getByText('There is a camera "hall" already.').waitFor();
      await dialog.getByLabel('Name').fill('yard');
      await dialog.getByRole('button', { name: 'Probe' }).click();
      await dialog.getByText('The camera refused the connection.').waitFor();
      assert.doesNotMatch(await dialog.innerText(), /secret/);
      await dialog.getByRole('button', { name: 'Back' }).click();
      await dialog.getByLabel('Address').fill('rtsp://user:secret@new.example/live');
      await dialog.getByRole('button', { name: 'Probe' }).click();
      await dialog.getByText(/Stream #0:0: Video: h264/).waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      await shoot(page, 'add-probe');
      await dialog.getByRole('button', { name: 'Preview' }).click();
      await dialog.getByRole('img', { name: 'First picture of the camera' }).waitFor();
      await shoot(page, 'add-preview');
      await dialog.getByRole('button', { name: 'Add this camera' }).click();
      const yard = card(page, 'yard');
      await yard.locator('.state', { hasText: 'Live' }).waitFor();
      await page.getByRole('button', { name: 'Edit yard' }).click();
      await page.getByRole('dialog').getByText('Now rtsp://***@new.example/live.').waitFor();
      await page.getByLabel('Analysed frames a second').fill('2');
      await page.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      // A new address is asked before it takes the old one's place.
      await page.getByRole('button', { name: 'Edit yard' }).click();
      await dialog.getByLabel('New address').fill('rtsp://user:secret@nowhere.example/live');
      await page.getByRole('button', { name: 'Save' }).click();
      await dialog.getByText('The camera refused the connection.').waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      assert.match(cameras.registry.get('yard')?.address ?? '', /new\.example/);
      await dialog.getByLabel('New address').fill('rtsp://user:secret@other.example/live');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      assert.match(cameras.registry.get('yard')?.address ?? '', /other\.example/);
      await page.getByRole('button', { name: 'Edit yard' }).click();
      await dialog.getByLabel('New address').fill('rtsp://user:secret@nowhere.example/live');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('button', { name: 'Save all the same' }).click();
      await dialog.waitFor({ state: 'detached' });
      assert.match(cameras.registry.get('yard')?.address ?? '', /nowhere\.example/);
      await page.getByRole('button', { name: 'Pause yard' }).click();
      await yard.locator('.offline', { hasText: 'Paused' }).waitFor();
      await page.getByRole('button', { name: 'Resume yard' }).click();
      await yard.locator('.state', { hasText: 'Live' }).waitFor();
      await page.getByRole('button', { name: 'Remove yard' }).click();
      await yard.getByText('yard is removed').waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      assert.equal(cameras.registry.get('yard')?.paused, true);
      await page.keyboard.press('Enter');
      await yard.locator('.state', { hasText: 'Live' }).waitFor();
      await page.getByRole('button', { name: 'Remove yard' }).click();
      await yard.getByRole('button', { name: 'Remove now' }).click();
      await yard.waitFor({ state: 'detached' });
      assert.equal(cameras.registry.get('yard'), undefined);
      // Whoever goes elsewhere meanwhile has decided.
      await page.getByRole('button', { name: 'Remove hall' }).click();
      await card(page, 'hall').getByText('hall is removed').waitFor();
      await page.getByRole('navigation').getByRole('link', { name: 'History' }).click();
      await page.getByRole('navigation').getByRole('link', { name: 'Wall' }).click();
      await page.getByText('1 of 1 live').waitFor();
      assert.equal(cameras.registry.get('hall'), undefined);
      await card(page, 'front door').locator('.state', { hasText: 'Live' }).waitFor();
    }));

  test('a removal that waits to be undone does not remove a camera that left the list and is on it again', () =>
    inTheatre({}, async ({ feed, cameras, page }) => {
      const hall = card(page, 'hall');
      await page.getByRole('button', { name: 'Remove hall' }).click();
      await hall.getByText('hall is removed').waitFor();
      await feed.publishStatus({
        ...{ camera: 'hall', state: 'removed', timeUs: Date.now() * 1000, epoch: 0, latencyMs: null },
        ...{ fpsIn: 0, fpsAnalysed: 0, fpsDropped: 0, stalls: 0, reconnects: 0, lastError: null },
      });
      // Its next status brings it back, as it was left: paused.
      await hall.locator('.offline', { hasText: 'Paused' }).waitFor();
      assert.equal(cameras.registry.get('hall')?.paused, true);
    }));

  test('the live view draws what was found on the very frame, and can be stepped through', () =>
    inTheatre({}, async ({ page }) => {
      await page.getByRole('link', { name: 'front door' }).click();
      const canvas = page.locator('.stage canvas');
      await page.waitForFunction(() =>
        /ada-51c2: .* intensity/.test(
          document.querySelector('.stage canvas')?.getAttribute('aria-label') ?? '',
        ),
      );
      await page.locator('.badge', { hasText: 'Live' }).waitFor();
      // The stage holds the frame's colours, not an empty grid.
      await page.waitForFunction(() => {
        const stage = document.querySelector<HTMLCanvasElement>('.stage canvas');
        const pixel = stage?.getContext('2d')?.getImageData(stage.width * 0.5, stage.height * 0.9, 1, 1).data;
        return pixel !== undefined && (pixel[0] ?? 0) > 0x20;
      });
      const person = page.locator('.person[data-track="ada-51c2"]');
      await person.getByText(/intensity \d+ %/).waitFor();
      await shoot(page, 'live', true);
      assert.deepEqual(await seriousFaults(page), []);
      const sequence = async (): Promise<number> =>
        Number(/Frame (\d+)/.exec(await page.locator('.stage-figures').innerText())?.[1]);
      // Frames to go back to.
      await page.waitForFunction(
        (seen) => {
          const label = document.querySelector('.stage-figures')?.textContent ?? '';
          return Number(/Frame (\d+)/.exec(label)?.[1]) > seen + 12;
        },
        await sequence(),
      );
      await page.locator('.stage').focus();
      await page.keyboard.press('Space');
      await page.locator('.badge', { hasText: 'Paused' }).waitFor();
      const stepped = async (key: string, by: number): Promise<void> => {
        const from = await sequence();
        await page.keyboard.press(key);
        await page.waitForFunction(
          (to) => document.querySelector('.stage-figures')?.textContent.includes(`Frame ${to} `),
          from + by,
        );
      };
      await stepped('ArrowLeft', -1);
      await stepped('Shift+ArrowLeft', -10);
      await stepped('ArrowRight', 1);
      await page.keyboard.press('Space');
      await page.locator('.badge', { hasText: 'Live' }).waitFor();
      const smoothing = page.locator('.controls .smoothing');
      await smoothing.getByRole('checkbox').check();
      await smoothing.getByText('1.0 s').waitFor();
      await page.getByRole('checkbox', { name: 'landmarks' }).check();
      await page.getByRole('checkbox', { name: 'neutral face' }).uncheck();
      await page.getByRole('radio', { name: 'Lines' }).check();
      assert.notEqual(await canvas.getAttribute('aria-label'), '');
      await shoot(page, 'live-lines', true);
    }));

  test('where windows come every ten seconds, somebody has left only when the next one is late', () =>
    inTheatre({ hop: 10 }, async ({ cameras, page }) => {
      await page.clock.install();
      await page.reload();
      const door = card(page, 'front door');
      await door.getByText('ada-51c2').waitFor();
      cameras.set('front door', { actors: [] });
      await page.clock.fastForward(8000);
      assert.ok(await door.getByText('ada-51c2').isVisible());
      await page.getByRole('link', { name: 'front door' }).click();
      const ada = page.locator('.person[data-track="ada-51c2"]');
      await ada.getByText(/intensity \d+ %/).waitFor();
      await page.clock.fastForward(8000);
      await ada.getByText(/^left /).waitFor();
    }));

  test('a camera of which nothing is heard any more is not called live', () =>
    inTheatre({}, async ({ cameras, page }) => {
      await page.clock.install();
      await page.reload();
      const door = card(page, 'front door');
      await door.locator('.state', { hasText: 'Live' }).waitFor();
      await cameras.stop();
      await page.clock.fastForward(11_000);
      await door.locator('.state', { hasText: 'Silent' }).waitFor();
      await page.getByText('0 of 2 live').waitFor();
      await page.getByRole('link', { name: 'front door' }).click();
      await page.locator('.state', { hasText: 'Silent' }).first().waitFor();
    }));

  test('a browser whose clock is an hour off takes nobody for gone and no picture for old', () =>
    inTheatre({}, async ({ page }) => {
      await page.clock.install({ time: Date.now() + 3_600_000 });
      await page.reload();
      await card(page, 'front door').locator('img[alt="Picture of front door, now"]').waitFor();
      await page.getByRole('link', { name: 'front door' }).click();
      const ada = page.locator('.person[data-track="ada-51c2"]');
      await ada.getByText(/intensity \d+ %/).waitFor();
      // A page that begins there asks for the last two minutes by the server's clock.
      const past = page.waitForResponse(async (response) => {
        if (!response.url().includes('/v1/history')) return false;
        const { windows } = (await response.json()) as { windows: unknown[] };
        return windows.length > 0;
      });
      await page.reload();
      await past;
    }));

  test('what was kept can be browsed: a time, gaps with their reason, values by keyboard, a table', () =>
    inTheatre({}, async ({ page }) => {
      await page.getByRole('navigation').getByRole('link', { name: 'History' }).click();
      await page.getByLabel('Camera').selectOption('front door');
      const ada = page.locator('.person[data-track="ada-51c2"]');
      await ada.waitFor();
      await page.getByText(/^2 people in 15 min/).waitFor();
      await ada.locator('.timeline').focus();
      await page.keyboard.press('ArrowRight');
      await ada.getByText(/intensity \d+ %$/).waitFor();
      await page.keyboard.press('Shift+ArrowRight');
      await ada.getByText('As a table').click();
      await ada.getByRole('columnheader', { name: 'happiness' }).waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      await ada.getByText('As a table').click();
      await shoot(page, 'history', true);
      await page.getByLabel('From').fill('2020-01-01T00:00:00');
      await page.getByLabel('To', { exact: true }).fill('2020-01-01T01:00:00');
      await page.getByRole('button', { name: 'Show' }).click();
      await page.getByText('Nobody was seen in this time.').waitFor();
      await page.getByRole('button', { name: 'Hour', exact: true }).click();
      await ada.waitFor();
    }));

  test('it says that the connection is lost, comes back by itself, and goes on', async () => {
    await inTheatre({}, async ({ feed, cameras, page }) => {
      await card(page, 'front door').locator('img[alt="Picture of front door, now"]').waitFor();
      await page.getByText('Connected', { exact: true }).waitFor();
      await cameras.stop();
      await feed.close();
      await page.getByText('Connection lost, reconnecting').waitFor();
      await card(page, 'front door')
        .getByText(/^Old picture/)
        .waitFor();
      const again = await openFeed(cameras, { listen: new URL(feed.url).host });
      try {
        cameras.play(again);
        await page.getByText('Connected', { exact: true }).waitFor();
        await card(page, 'front door').locator('img[alt="Picture of front door, now"]').waitFor();
      } finally {
        await cameras.stop();
        await again.close();
      }
    });
  });

  test('dark colours, a phone, and no pictures where none are allowed', async () => {
    await inTheatre({ colorScheme: 'dark' }, async ({ page }) => {
      await card(page, 'front door').locator('img[alt="Picture of front door, now"]').waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      await page.goto(`${page.url()}#/live/front%20door`);
      await page.locator('.badge', { hasText: 'Live' }).waitFor();
      await page.locator('.person[data-track="ada-51c2"]').waitFor();
      await shoot(page, 'live-dark', true);
      assert.deepEqual(await seriousFaults(page), []);
    });
    await inTheatre(
      { config: { pixels: 'off' }, viewport: { width: 390, height: 844 } },
      async ({ page }) => {
        await card(page, 'front door').getByText('Pictures are off').waitFor();
        const tooWide = (): Promise<boolean> =>
          page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
        assert.equal(await tooWide(), false);
        await shoot(page, 'phone-wall');
        await page.goto(`${page.url()}#/live/front%20door`);
        await page.locator('.badge', { hasText: 'Live' }).waitFor();
        await page.locator('.person[data-track="ada-51c2"]').waitFor();
        assert.equal(await page.getByRole('checkbox', { name: 'neutral face' }).count(), 0);
        assert.equal(await tooWide(), false);
        await shoot(page, 'phone-live', true);
        assert.deepEqual(await seriousFaults(page), []);
      },
    );
  });

  test('a server with tokens asks for one; a viewer cannot operate', () =>
    inTheatre(
      { config: { tokens: [{ token: 'viewer-token-0123456789', role: 'viewer' }] } },
      async ({ page }) => {
        await page.getByLabel('Token').fill('wrong-token-0123456789');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByText('This token is not known here.').waitFor();
        assert.deepEqual(await seriousFaults(page), []);
        await page.getByLabel('Token').fill('viewer-token-0123456789');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await card(page, 'front door').locator('img[alt="Picture of front door, now"]').waitFor();
        assert.equal(await page.getByRole('button', { name: 'Add a camera' }).count(), 0);
        assert.equal(await page.getByRole('button', { name: /^Remove/ }).count(), 0);
      },
    ));

  test('a page that is open asks for a token again when its own is no longer good', () => {
    const only = (token: string): z.input<typeof feedConfig> => ({ tokens: [{ token, role: 'viewer' }] });
    return inTheatre({ config: only('former-token-0123456789') }, async ({ feed, cameras, page }) => {
      await page.getByLabel('Token').fill('former-token-0123456789');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('Connected', { exact: true }).waitFor();
      await cameras.stop();
      await feed.close();
      const again = await openFeed(cameras, {
        ...only('latter-token-0123456789'),
        listen: new URL(feed.url).host,
      });
      try {
        cameras.play(again);
        await page.getByText('This token is not known here.').waitFor();
        await page.getByLabel('Token').fill('latter-token-0123456789');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByText('Connected', { exact: true }).waitFor();
      } finally {
        await cameras.stop();
        await again.close();
      }
    });
  });
});
