import type { ExpressionMessage } from '@deadpan/shared';

import { COLOURS } from './palette.js';
import { placeAbove, placeBeside, type Rectangle } from './picture-place.js';
import type { ShotPictures } from './pictures-of-shot.js';
import type { Shot } from './shots.js';
import { percent, person } from './wording.js';

/** The layers of the stage that can be switched. */
export const LAYERS = ['picture', 'boxes', 'labels', 'intensity', 'landmarks', 'neutral face'] as const;

/** One layer of the stage. */
export type Layer = (typeof LAYERS)[number];

/** What is drawn of a face: its own numbers, or smoothed ones. */
export interface ShownFace {
  readonly message: ExpressionMessage;
  readonly expression: NonNullable<ExpressionMessage['expression']>;
  readonly probability: number;
  readonly intensity: number;
}

/**
 * Draws a shot: the very frame that was analysed, and on it what was found.
 * @param context a canvas of the frame's aspect ratio
 * @param width CSS pixels
 */
export function drawStage(
  context: CanvasRenderingContext2D,
  width: number,
  shot: Shot,
  faces: readonly ShownFace[],
  pictures: ShotPictures | undefined,
  layers: ReadonlySet<Layer>,
): void {
  const scale = width / shot.width;
  const height = shot.height * scale;
  context.fillStyle = '#10151c';
  context.fillRect(0, 0, width, height);
  if (layers.has('picture') && pictures?.frame !== undefined)
    context.drawImage(pictures.frame, 0, 0, width, height);
  else drawGrid(context, width, height);

  const boxes = faces.flatMap(({ message: { box } }) => (box === undefined ? [] : [scaled(box, scale)]));
  // In the corner the page says whether this is live.
  const labels: Rectangle[] = [{ x: width - 80, y: 0, width: 80, height: 36 }];
  for (const face of faces) {
    const { message } = face;
    const { box, track = '', landmarks } = message;
    if (box === undefined) continue;
    const colour = COLOURS[face.expression];
    const [x, y, w, tall] = [box.x * scale, box.y * scale, box.width * scale, box.height * scale];
    const own = pictures?.faces.get(track);
    if (layers.has('picture') && own?.face !== undefined) context.drawImage(own.face, x, y, w, tall);
    if (layers.has('landmarks') && landmarks !== undefined) {
      context.fillStyle = '#ffffffcc';
      for (let i = 0; i < landmarks.length; i += 2) {
        context.fillRect((landmarks[i] ?? 0) * scale - 1, (landmarks[i + 1] ?? 0) * scale - 1, 2, 2);
      }
    }
    if (layers.has('boxes')) {
      context.lineWidth = 4;
      context.strokeStyle = '#0009';
      context.strokeRect(x, y, w, tall);
      context.lineWidth = 2;
      context.strokeStyle = colour;
      context.strokeRect(x, y, w, tall);
    }
    if (layers.has('intensity')) {
      context.fillStyle = '#000a';
      context.fillRect(x, y + tall + 4, w, 6);
      context.fillStyle = colour;
      context.fillRect(x, y + tall + 4, w * face.intensity, 6);
    }
  }
  if (layers.has('labels')) {
    for (const { message, expression, probability } of faces) {
      const { box, track = '' } = message;
      if (box === undefined) continue;
      const text = `${person(track)}  ${expression} ${percent(probability)}`;
      const y = Math.max(0, box.y * scale - 23);
      labels.push(label(context, text, box.x * scale, y, COLOURS[expression], 12, labels));
    }
  }
  if (layers.has('neutral face')) {
    const taken = [...boxes, ...labels];
    for (const { message } of faces) {
      const { box, track = '' } = message;
      const reference = pictures?.faces.get(track)?.reference;
      if (box === undefined || reference === undefined) continue;
      const place = placeBeside(scaled(box, scale), { width, height }, taken);
      taken.push(place);
      const { x: left, y: top, width: side } = place;
      context.drawImage(reference, left, top, side, side);
      context.lineWidth = 1;
      context.strokeStyle = '#fffc';
      context.strokeRect(left, top, side, side);
      label(context, 'neutral', left, top + side + 3, '#d5dbe3', 10, labels);
    }
  }
}

const scaled = (box: Rectangle, scale: number): Rectangle => ({
  x: box.x * scale,
  y: box.y * scale,
  width: box.width * scale,
  height: box.height * scale,
});

function label(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: string,
  size: number,
  others: readonly Rectangle[] = [],
): Rectangle {
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = 'top';
  const width = context.measureText(text).width;
  const room = context.canvas.width / devicePixelRatio;
  const left = Math.max(0, Math.min(x - 1, room - width - 18));
  const place = placeAbove({ x: left, y, width: width + 17, height: size + 8 }, others);
  context.fillStyle = '#0b0f14d9';
  context.fillRect(place.x, place.y, place.width, place.height);
  context.fillStyle = colour;
  context.fillRect(place.x, place.y, 4, place.height);
  context.fillStyle = '#fff';
  context.fillText(text, place.x + 10, place.y + 4);
  return place;
}

function drawGrid(context: CanvasRenderingContext2D, width: number, height: number): void {
  context.strokeStyle = '#1d2530';
  context.lineWidth = 1;
  context.beginPath();
  for (let x = 40; x < width; x += 40) {
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  for (let y = 40; y < height; y += 40) {
    context.moveTo(0, y);
    context.lineTo(width, y);
  }
  context.stroke();
}
