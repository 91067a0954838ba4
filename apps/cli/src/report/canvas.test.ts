import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  createCanvas,
  drawGray,
  drawText,
  fillRectangle,
  strokeRectangle,
  textWidth,
  type Canvas,
} from './canvas.js';
import { loadGlyphs } from './glyph-atlas.js';

const pixel = ({ data, width }: Canvas, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
];
const inked = ({ data }: Canvas): number => data.filter((value, i) => i % 4 === 3 && value > 0).length;

test('rectangles are cut off at the edge', () => {
  const canvas = createCanvas(8, 6);
  fillRectangle(canvas, { x: -3, y: 4, width: 5, height: 9 }, [1, 2, 3, 4]);
  assert.deepEqual(pixel(canvas, 1, 5), [1, 2, 3, 4]);
  assert.deepEqual(pixel(canvas, 2, 5), [0, 0, 0, 0]);
  assert.equal(inked(canvas), 4);
  fillRectangle(canvas, { x: 20, y: 0, width: 5, height: 5 }, [9, 9, 9, 9]);
  assert.equal(inked(canvas), 4);
});

test('an outline leaves the middle alone', () => {
  const canvas = createCanvas(10, 10);
  strokeRectangle(canvas, { x: 1, y: 1, width: 8, height: 8 }, 2, [255, 0, 0, 255]);
  assert.equal(inked(canvas), 64 - 16);
});

test('a gray picture keeps its values at its own size, and is cut off at the edge', () => {
  const gray = Uint8Array.from({ length: 16 }, (_, i) => i * 10);
  const canvas = createCanvas(4, 4);
  drawGray(canvas, gray, 4, { x: 0, y: 0, width: 4, height: 4 });
  assert.deepEqual(pixel(canvas, 3, 2), [110, 110, 110, 255]);
  const cut = createCanvas(4, 4);
  drawGray(cut, gray, 4, { x: -2, y: 3, width: 4, height: 4 });
  assert.deepEqual(pixel(cut, 0, 3), [20, 20, 20, 255]);
  assert.equal(inked(cut), 2);
});

test('text is drawn without a font on the machine, and unknown letters become question marks', async () => {
  const glyphs = await loadGlyphs(20);
  const draw = (text: string): Canvas => {
    const canvas = createCanvas(textWidth('mmmmm', glyphs), 20);
    drawText(canvas, text, 0, 0, glyphs, [255, 255, 255, 255]);
    return canvas;
  };
  assert.equal(inked(draw('  ')), 0);
  assert.ok(inked(draw('M')) > inked(draw('.')));
  assert.notDeepEqual(draw('I').data, draw('M').data);
  assert.deepEqual(draw('日').data, draw('?').data);
});
