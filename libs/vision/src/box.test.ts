import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { boxIou, intersectionArea, scaleBox } from './box.js';

const box = fc.record({
  x: fc.integer({ min: -20, max: 20 }),
  y: fc.integer({ min: -20, max: 20 }),
  width: fc.integer({ min: 0, max: 20 }),
  height: fc.integer({ min: 0, max: 20 }),
});

test('areas are those that counting pixels gives', () => {
  fc.assert(
    fc.property(box, box, (a, b) => {
      let [shared, either] = [0, 0];
      const inside = (one: typeof a, x: number, y: number) =>
        x >= one.x && x < one.x + one.width && y >= one.y && y < one.y + one.height;
      for (let y = -20; y < 40; y += 1) {
        for (let x = -20; x < 40; x += 1) {
          shared += inside(a, x, y) && inside(b, x, y) ? 1 : 0;
          either += inside(a, x, y) || inside(b, x, y) ? 1 : 0;
        }
      }
      assert.equal(intersectionArea(a, b), shared);
      assert.equal(boxIou(a, b), either === 0 ? 0 : shared / either);
    }),
    { numRuns: 50 },
  );
});

test('a box is scaled with every number', () => {
  assert.deepEqual(scaleBox({ x: 1, y: 2, width: 3, height: 4 }, 2), { x: 2, y: 4, width: 6, height: 8 });
});
