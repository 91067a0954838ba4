/** A rectangle in CSS pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const overlap = (a: Rectangle, b: Rectangle): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** Where a line of text goes: at its place, or above what is taken there; below where there is no room above. */
export function placeAbove(wanted: Rectangle, taken: readonly Rectangle[]): Rectangle {
  const ascending = [...taken].sort((a, b) => a.y - b.y);
  const above = ascending.reduceRight(
    (place, other) => (overlap(place, other) ? { ...place, y: other.y - place.height - 1 } : place),
    wanted,
  );
  if (above.y >= 0) return above;
  return ascending.reduce(
    (place, other) => (overlap(place, other) ? { ...place, y: other.y + other.height + 1 } : place),
    wanted,
  );
}

/**
 * Where a square picture goes that belongs to a box: beside, below or above it, where it hides nothing that is taken and
 * stays on the stage; else small in the box's lower corner.
 */
export function placeBeside(
  box: Rectangle,
  stage: { readonly width: number; readonly height: number },
  taken: readonly Rectangle[],
): Rectangle {
  const gap = 6;
  for (const share of [0.7, 0.5]) {
    const side = Math.max(40, Math.min(box.width, box.height) * share);
    const square = { width: side, height: side };
    const places = [
      { ...square, x: box.x + box.width + gap, y: box.y },
      { ...square, x: box.x - side - gap, y: box.y },
      // The intensity lies below the box, the label above it.
      { ...square, x: box.x, y: box.y + box.height + 16 },
      { ...square, x: box.x, y: box.y - side - 30 },
    ];
    const free = places.find(
      (place) =>
        place.x >= 0 &&
        place.y >= 0 &&
        place.x + side <= stage.width &&
        place.y + side + 20 <= stage.height &&
        taken.every((other) => !overlap(place, other)),
    );
    if (free !== undefined) return free;
  }
  const side = Math.min(box.width, box.height) * 0.4;
  return { x: box.x + box.width - side, y: box.y + box.height - side, width: side, height: side };
}
