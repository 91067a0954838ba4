import sharp from 'sharp';
import { CROP_SIZE } from '@deadpan/shared';

import { createCanvas, drawGray, drawText, fillRectangle, textWidth, type Color } from './canvas.js';
import { clockTime } from './clock-time.js';
import { rgbOf } from './expression-palette.js';
import { loadGlyphs, type Glyphs } from './glyph-atlas.js';
import type { ReferencePick } from './references-picks.js';
import type { ReferencePicture } from './report-html.js';

const PAPER: Color = [255, 255, 255, 255];
const INK: Color = [31, 35, 40, 255];
const QUIET: Color = [89, 99, 110, 255];

/** Faces are drawn at twice their size. */
const SIDE = 2 * CROP_SIZE;
const COLUMNS = 4;
const PADDING = 20;
const TITLE = 76;
const CAPTION = 44;

/** The pictures of the report hold half of what the sheet shows. */
const IN_REPORT = 6;

/**
 * `references/track-N.png`: the faces of a track as the classifier saw them, each beside the neutral reference that
 * was generated from it, with time, expression and intensity underneath.
 *
 * @param picks in order of time
 * @returns the PNG file
 */
export async function referencesSheet(track: string, picks: readonly ReferencePick[]): Promise<Uint8Array> {
  const [title, small] = await Promise.all([loadGlyphs(22), loadGlyphs(14)]);
  const columns = Math.max(1, Math.min(COLUMNS, picks.length));
  const cell = { width: 2 * SIDE + PADDING, height: SIDE + CAPTION };
  const canvas = createCanvas(
    PADDING + Math.max(columns, 2) * cell.width,
    TITLE + Math.ceil(picks.length / columns) * cell.height + PADDING / 2,
  );
  fillRectangle(canvas, { x: 0, y: 0, width: canvas.width, height: canvas.height }, PAPER);
  drawText(canvas, `Track ${track}`, PADDING, 18, title, INK);
  drawText(canvas, 'left: the face, right: its generated neutral reference', PADDING, 46, small, QUIET);
  for (const [i, pick] of picks.entries()) {
    const x = PADDING + (i % columns) * cell.width;
    const y = TITLE + Math.floor(i / columns) * cell.height;
    drawGray(canvas, pick.crop, CROP_SIZE, { x, y, width: SIDE, height: SIDE });
    drawGray(canvas, pick.reference, CROP_SIZE, { x: x + SIDE, y, width: SIDE, height: SIDE });
    fillRectangle(canvas, { x, y: y + SIDE, width: 2 * SIDE, height: 4 }, [...rgbOf(pick.expression), 255]);
    drawText(canvas, caption(pick, small), x, y + SIDE + 10, small, INK);
  }
  return sharp(canvas.data, { raw: { width: canvas.width, height: canvas.height, channels: 4 } })
    .removeAlpha()
    .png()
    .toBuffer();
}

/** The same as pictures for the report: fewer, each a PNG of its own. */
export async function referencePictures(
  picks: readonly ReferencePick[],
): Promise<readonly ReferencePicture[]> {
  const step = Math.max(1, picks.length / IN_REPORT);
  const chosen = Array.from(
    { length: Math.min(IN_REPORT, picks.length) },
    (_, i) => picks[Math.floor(i * step)],
  );
  return Promise.all(
    chosen.flatMap((pick) =>
      pick === undefined
        ? []
        : [
            (async () => ({
              time: pick.time,
              expression: pick.expression,
              intensity: pick.intensity,
              crop: await grayPng(pick.crop),
              reference: await grayPng(pick.reference),
            }))(),
          ],
    ),
  );
}

function caption({ time, expression, intensity }: ReferencePick, glyphs: Glyphs): string {
  const text = `${clockTime(time, 1)} ${expression}, ${intensity.toFixed(2)}`;
  const room = Math.floor((2 * SIDE) / glyphs.width);
  return textWidth(text, glyphs) > 2 * SIDE ? text.slice(0, room) : text;
}

function grayPng(gray: Uint8Array): Promise<Uint8Array> {
  return sharp(gray, { raw: { width: CROP_SIZE, height: CROP_SIZE, channels: 1 } })
    .toColourspace('b-w')
    .png({ compressionLevel: 9 })
    .toBuffer();
}
