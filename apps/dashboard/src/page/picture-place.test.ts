import assert from 'node:assert/strict';
import { test } from 'node:test';

import { placeAbove, placeBeside } from './picture-place.js';

const stage = { width: 600, height: 400 };
const box = { x: 100, y: 100, width: 100, height: 100 };

test('labels that would lie on each other are stacked, upwards where there is room', () => {
  const line = { x: 100, y: 50, width: 120, height: 20 };
  assert.deepEqual(placeAbove(line, [{ ...line, x: 300 }]), line);
  assert.deepEqual(placeAbove(line, [{ ...line, x: 30 }]), { ...line, y: 29 });
  assert.deepEqual(placeAbove(line, [{ ...line, y: 29 }, line]), { ...line, y: 8 });
  const top = { ...line, y: 0 };
  assert.deepEqual(placeAbove(top, [top]), { ...top, y: 21 });
});

test('right of the box, else left, else below, else in its corner', () => {
  assert.deepEqual(placeBeside(box, stage, [box]), { x: 206, y: 100, width: 70, height: 70 });
  const right = { x: 210, y: 90, width: 200, height: 120 };
  assert.equal(placeBeside(box, stage, [box, right]).x, 24);
  const left = { x: 0, y: 90, width: 95, height: 120 };
  assert.equal(placeBeside(box, stage, [box, right, left]).y, 216);
  const everywhere = { x: 0, y: 0, width: 600, height: 400 };
  assert.deepEqual(placeBeside(box, stage, [everywhere]), { x: 160, y: 160, width: 40, height: 40 });
});
