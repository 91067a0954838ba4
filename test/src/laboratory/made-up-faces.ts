import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLASSES } from '@deadpan/shared';

/** Side of the canvas of a prepared face. */
const SIDE = 96;

/**
 * Writes a set as `deadpan prepare` does, of faces made up of noise and a bright blob whose place tells the class: four
 * people, each with every expression.
 * @param folder where recipes look for sets
 */
export function makeFaces(folder: string, name: string): void {
  const count = 4 * CLASSES.length;
  const pixels = new Uint8Array(count * SIDE * SIDE);
  const faces = Array.from({ length: count }, (_, i) => {
    const label = i % CLASSES.length;
    const [x0, y0] = [26 + (label % 3) * 20, 26 + Math.floor(label / 3) * 20];
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const near = Math.exp(-((x - x0) ** 2 + (y - y0) ** 2) / 60);
        // Multiples of a prime are noise enough, and the same everywhere.
        pixels[(i * SIDE + y) * SIDE + x] = 60 + ((i * 31 + x * 7919 + y * 104729) % 23) + 150 * near;
      }
    }
    const target = CLASSES.map((_, k) => (k === label ? 1 : 0));
    return { path: `${i}.png`, label, target, subject: `person${i >> 3}` };
  });
  writeFileSync(join(folder, `${name}.bin`), pixels);
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ side: SIDE, faces }));
}
