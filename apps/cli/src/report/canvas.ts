import { FIRST_GLYPH, GLYPHS, type Glyphs } from './glyph-atlas.js';

/** A picture to draw on: RGBA, 8 bits a channel, alpha not multiplied in, rows from the top. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Red, green, blue and opacity, each 0..255. */
export type Color = readonly [red: number, green: number, blue: number, alpha: number];

/** Whole pixels; parts beyond the canvas are not drawn. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A canvas that is transparent all over. */
export function createCanvas(width: number, height: number): Canvas {
  return { width, height, data: new Uint8Array(width * height * 4) };
}

/** Makes the whole canvas transparent again. */
export function clearCanvas(canvas: Canvas): void {
  canvas.data.fill(0);
}

/** Replaces what is in the rectangle by the colour, opacity included. */
export function fillRectangle(canvas: Canvas, rectangle: Rectangle, color: Color): void {
  const left = Math.max(0, rectangle.x);
  const right = Math.min(canvas.width, rectangle.x + rectangle.width);
  const top = Math.max(0, rectangle.y);
  const bottom = Math.min(canvas.height, rectangle.y + rectangle.height);
  if (left >= right || top >= bottom) return;
  const first = (top * canvas.width + left) * 4;
  const bytes = (right - left) * 4;
  for (let at = first; at < first + bytes; at += 4) canvas.data.set(color, at);
  for (let y = top + 1; y < bottom; y += 1) {
    canvas.data.copyWithin((y * canvas.width + left) * 4, first, first + bytes);
  }
}

/** Draws the rectangle's outline, `thickness` pixels inwards. */
export function strokeRectangle(
  canvas: Canvas,
  { x, y, width, height }: Rectangle,
  thickness: number,
  color: Color,
): void {
  fillRectangle(canvas, { x, y, width, height: thickness }, color);
  fillRectangle(canvas, { x, y: y + height - thickness, width, height: thickness }, color);
  fillRectangle(canvas, { x, y, width: thickness, height }, color);
  fillRectangle(canvas, { x: x + width - thickness, y, width: thickness, height }, color);
}

/** Draws a square gray picture (`side` x `side` bytes), scaled to fill `target`, between the nearest four pixels. */
export function drawGray(canvas: Canvas, gray: Uint8Array, side: number, target: Rectangle): void {
  const { data } = canvas;
  for (let row = Math.max(0, -target.y); row < target.height && target.y + row < canvas.height; row += 1) {
    const [top, bottom, down] = between(row, target.height, side);
    for (
      let column = Math.max(0, -target.x);
      column < target.width && target.x + column < canvas.width;
      column += 1
    ) {
      const [left, right, along] = between(column, target.width, side);
      const at = (line: number, place: number): number => gray[line * side + place] ?? 0;
      const upper = at(top, left) + (at(top, right) - at(top, left)) * along;
      const lower = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * along;
      const value = Math.round(upper + (lower - upper) * down);
      const to = ((target.y + row) * canvas.width + target.x + column) * 4;
      data[to] = value;
      data[to + 1] = value;
      data[to + 2] = value;
      data[to + 3] = 255;
    }
  }
}

/** How wide a text is, in pixels. */
export function textWidth(text: string, glyphs: Glyphs): number {
  return Array.from(text).length * glyphs.width;
}

/** Writes one line with its upper left corner at (x, y). What the atlas lacks becomes a question mark. */
export function drawText(
  canvas: Canvas,
  text: string,
  x: number,
  y: number,
  glyphs: Glyphs,
  color: Color,
): void {
  for (const [i, character] of Array.from(text).entries()) {
    const index = (character.codePointAt(0) ?? 0) - FIRST_GLYPH;
    const glyph = index >= 0 && index < GLYPHS ? index : '?'.charCodeAt(0) - FIRST_GLYPH;
    drawGlyph(canvas, glyph, x + i * glyphs.width, y, glyphs, color);
  }
}

function drawGlyph(canvas: Canvas, glyph: number, x: number, y: number, glyphs: Glyphs, color: Color): void {
  const { width, height, coverage } = glyphs;
  for (let row = 0; row < height; row += 1) {
    if (y + row < 0 || y + row >= canvas.height) continue;
    for (let column = 0; column < width; column += 1) {
      if (x + column < 0 || x + column >= canvas.width) continue;
      const covered = coverage[row * width * GLYPHS + glyph * width + column] ?? 0;
      if (covered > 0) blend(canvas, x + column, y + row, color, covered / 255);
    }
  }
}

/** Source over destination (Porter and Duff 1984), alpha not multiplied in. */
function blend({ data, width }: Canvas, x: number, y: number, color: Color, covered: number): void {
  const at = (y * width + x) * 4;
  const alpha = (color[3] / 255) * covered;
  const under = ((data[at + 3] ?? 0) / 255) * (1 - alpha);
  const out = alpha + under;
  for (let channel = 0; channel < 3; channel += 1) {
    const value = ((color[channel] ?? 0) * alpha + (data[at + channel] ?? 0) * under) / out;
    data[at + channel] = Math.round(value);
  }
  data[at + 3] = Math.round(out * 255);
}

/** The two source pixels around a target pixel's middle, and how far it is from the first to the second. */
function between(
  target: number,
  length: number,
  side: number,
): readonly [first: number, second: number, part: number] {
  const exact = Math.min(side - 1, Math.max(0, ((target + 0.5) * side) / length - 0.5));
  const first = Math.floor(exact);
  return [first, Math.min(side - 1, first + 1), exact - first];
}
