import type { Random } from '../random.js';

/**
 * Mixes a share of a batch's faces with the next one of the batch, in place: pixels and targets by the same weight, drawn
 * evenly from 0..1. What a face is mixed with is what was there before any was.
 * Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018, with alpha 1.
 * @param pixels the faces in a row, as many values each
 * @param targets one distribution for each face
 * @param share of the faces that are mixed, 0..1
 */
export function mixUp(
  pixels: Float32Array,
  targets: readonly number[][],
  share: number,
  random: Random,
): void {
  if (share === 0) return;
  const size = pixels.length / targets.length;
  const given = Float32Array.from(pixels);
  const wanted = targets.map((target) => [...target]);
  targets.forEach((target, row) => {
    if (random.next() >= share) return;
    const other = (row + 1) % targets.length;
    const own = random.next();
    const mix = (a: number, b: number): number => own * a + (1 - own) * b;
    for (let i = 0; i < size; i += 1) {
      pixels[row * size + i] = mix(given[row * size + i] ?? 0, given[other * size + i] ?? 0);
    }
    target.forEach((value, k) => (target[k] = mix(value, wanted[other]?.[k] ?? 0)));
  });
}
