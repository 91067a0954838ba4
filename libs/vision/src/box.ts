import type { Box } from '@deadpan/shared';

/** Intersection over union of two boxes, 0..1; 0 where one has no area. */
export function boxIou(a: Box, b: Box): number {
  const shared = intersectionArea(a, b);
  const union = a.width * a.height + b.width * b.height - shared;
  return union > 0 ? shared / union : 0;
}

/** The area that two boxes share, in square pixels. */
export function intersectionArea(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** The square of a box's longer side times `factor`, about the box's centre. */
export function squareAround(box: Box, factor = 1): Box {
  const side = Math.max(box.width, box.height) * factor;
  return { x: box.x + (box.width - side) / 2, y: box.y + (box.height - side) / 2, width: side, height: side };
}

/** The smallest box around points x0, y0, x1, y1, ... */
export function boxAround(points: ArrayLike<number>): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < points.length; i += 2) {
    left = Math.min(left, points[i] ?? left);
    right = Math.max(right, points[i] ?? right);
    top = Math.min(top, points[i + 1] ?? top);
    bottom = Math.max(bottom, points[i + 1] ?? bottom);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** A box with every number times `factor`: from pixels of one size of a picture to pixels of another. */
export function scaleBox(box: Box, factor: number): Box {
  return { x: box.x * factor, y: box.y * factor, width: box.width * factor, height: box.height * factor };
}
