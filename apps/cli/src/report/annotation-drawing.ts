import { CLASSES, CROP_SIZE } from '@deadpan/shared';

import {
  drawGray,
  drawText,
  fillRectangle,
  strokeRectangle,
  textWidth,
  type Canvas,
  type Color,
  type Rectangle,
} from './canvas.js';
import { rgbOf } from './expression-palette.js';
import type { TabledFace } from './faces-table.js';
import { loadGlyphs, type Glyphs } from './glyph-atlas.js';

/** A face as it is drawn over its frame. */
export interface AnnotatedFace {
  readonly face: TabledFace;
  /** 64 x 64 gray bytes; null where there is none. */
  readonly reference: Uint8Array | null;
}

/** Draws the faces of a frame on a canvas. */
export type DrawAnnotations = (canvas: Canvas, faces: readonly AnnotatedFace[]) => void;

const WHITE: Color = [255, 255, 255, 255];
const PANEL: Color = [16, 18, 22, 200];
const TROUGH: Color = [90, 96, 104, 220];

/**
 * Makes the function that draws over frames of one size: a box in the colour of its expression; a panel with track,
 * expression, probability and intensity above it (below, where the frame ends); the generated neutral face beside it.
 *
 * @param width of the canvas in pixels, as `height`
 * @param scale from pixels of the source frame, in which boxes are, to those of the canvas
 */
export async function createAnnotationDrawing(
  width: number,
  height: number,
  scale: number,
): Promise<DrawAnnotations> {
  const line = Math.min(36, Math.max(14, Math.round(Math.min(width, height) / 24)));
  const [glyphs, small] = await Promise.all([
    loadGlyphs(line),
    loadGlyphs(Math.max(10, Math.round(line * 0.7))),
  ]);
  return (canvas, faces) => {
    const boxes = faces.map(({ face: { box } }) => ({
      x: Math.round(box.x * scale),
      y: Math.round(box.y * scale),
      width: Math.round(box.width * scale),
      height: Math.round(box.height * scale),
    }));
    const taken = [...boxes];
    for (const [i, { face, reference }] of faces.entries()) {
      const box = boxes[i];
      if (box === undefined) continue;
      strokeRectangle(canvas, box, Math.max(2, Math.round(line / 8)), [...rgbOf(face.expression), 255]);
      if (reference !== null) taken.push(drawReference(canvas, reference, box, taken, small));
      drawPanel(canvas, face, box, glyphs);
    }
  };
}

function drawPanel(canvas: Canvas, face: TabledFace, box: Rectangle, glyphs: Glyphs): void {
  const probability = face.probabilities[CLASSES.indexOf(face.expression)] ?? 0;
  const lines = [
    {
      text: `${face.track} ${face.expression} ${Math.round(probability * 100)}%`,
      share: probability,
      color: [...rgbOf(face.expression), 255] as const,
    },
    { text: `intensity ${face.intensity.toFixed(2)}`, share: face.intensity, color: WHITE },
  ];
  const padding = Math.round(glyphs.height / 4);
  const bar = Math.max(3, Math.round(glyphs.height / 5));
  const inner = Math.max(...lines.map(({ text }) => textWidth(text, glyphs)), box.width - 2 * padding);
  const width = inner + 2 * padding;
  const height = lines.length * (glyphs.height + bar + padding) + padding;
  const x = Math.max(0, Math.min(box.x, canvas.width - width));
  const y = panelTop(canvas, box, height);
  fillRectangle(canvas, { x, y, width, height }, PANEL);
  for (const [i, { text, share, color }] of lines.entries()) {
    const top = y + padding + i * (glyphs.height + bar + padding);
    drawText(canvas, text, x + padding, top, glyphs, WHITE);
    const trough = { x: x + padding, y: top + glyphs.height, width: inner, height: bar };
    fillRectangle(canvas, trough, TROUGH);
    fillRectangle(canvas, { ...trough, width: Math.round(inner * Math.min(1, Math.max(0, share))) }, color);
  }
}

/** Above the box, or below it, or over its upper part: the first that fits into the frame. */
function panelTop(canvas: Canvas, box: Rectangle, height: number): number {
  const above = box.y - height - 2;
  if (above >= 0) return above;
  const below = box.y + box.height + 2;
  return below + height <= canvas.height ? below : Math.max(0, box.y);
}

/** Draws it on the right of the box, or on the left, or in a corner of it, where it covers nobody else. */
function drawReference(
  canvas: Canvas,
  reference: Uint8Array,
  box: Rectangle,
  taken: readonly Rectangle[],
  glyphs: Glyphs,
): Rectangle {
  const side = Math.max(32, Math.min(160, Math.round(canvas.height / 3), Math.round(box.height * 0.4)));
  const height = side + glyphs.height;
  const gap = 4;
  const y = Math.max(0, Math.min(box.y, canvas.height - height));
  const corner = Math.max(0, Math.min(box.x + box.width, canvas.width) - side);
  const places = [box.x + box.width + gap, box.x - gap - side, corner];
  const fits = (x: number): boolean =>
    x >= 0 &&
    x + side <= canvas.width &&
    !taken.some((other) => other !== box && overlaps({ x, y, width: side, height }, other));
  const x = places.find(fits) ?? corner;
  drawGray(canvas, reference, CROP_SIZE, { x, y, width: side, height: side });
  strokeRectangle(canvas, { x, y, width: side, height: side }, 2, WHITE);
  fillRectangle(canvas, { x, y: y + side, width: side, height: glyphs.height }, PANEL);
  drawText(canvas, 'neutral'.slice(0, Math.floor(side / glyphs.width)), x + 2, y + side, glyphs, WHITE);
  return { x, y, width: side, height };
}

function overlaps(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
