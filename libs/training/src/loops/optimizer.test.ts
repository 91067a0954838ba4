import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tf } from '../backend.js';
import { createAdam } from './adam.js';
import type { Optimizer } from './optimizer.js';
import { createSgd } from './sgd.js';

/** What becomes of the weight 2 and the bias 2 under these gradients, the same for both, at a rate of 0.1. */
function course(
  create: (variables: ReadonlyMap<string, ReturnType<typeof tf.variable>>) => Optimizer,
  gradients: readonly number[],
): { weight: number; bias: number }[] {
  const variables = new Map(
    ['fc/weights', 'fc/bias'].map((name) => [name, tf.variable(tf.scalar(2))] as const),
  );
  const optimizer = create(variables);
  const valueOf = (name: string): number => variables.get(name)?.dataSync()[0] ?? NaN;
  return gradients.map((gradient) => {
    optimizer.step({ 'fc/weights': tf.scalar(gradient), 'fc/bias': tf.scalar(gradient) }, 0.1);
    return { weight: valueOf('fc/weights'), bias: valueOf('fc/bias') };
  });
}

function assertNear(actual: readonly number[], expected: readonly number[]): void {
  for (const [i, value] of expected.entries())
    assert.ok(Math.abs((actual[i] ?? NaN) - value) < 1e-5, `${actual[i]}`);
}

test('gradient descent keeps nine tenths of its last step, and pulls weights towards zero', () => {
  const steps = course((variables) => createSgd(variables, { weightDecay: 0.5 }), [1, -1, 0]);
  // By hand: v = 1, -0.1, -0.09; for the weight half of it is added to each gradient.
  assertNear(
    steps.map(({ bias }) => bias),
    [1.9, 1.91, 1.919],
  );
  const v = [1 + 0.5 * 2, 0.9 * 2 - 1 + 0.5 * 1.8, 0.9 * 1.7 + 0.5 * 1.63];
  assertNear(
    steps.map(({ weight }) => weight),
    [2 - 0.1 * 2, 1.8 - 0.1 * 1.7, 1.63 - 0.1 * (v[2] ?? NaN)],
  );
});

test('Adam steps by the rate whatever the size of the first gradient, and decays weights apart from it', () => {
  for (const gradient of [0.001, 5]) {
    const [first] = course((variables) => createAdam(variables, { weightDecay: 0.5 }), [gradient]);
    assert.ok(first !== undefined && Math.abs(first.bias - 1.9) < 1e-3, `${first?.bias}`);
    assert.ok(Math.abs(first.weight - (2 * (1 - 0.1 * 0.5) - 0.1)) < 1e-3, `${first.weight}`);
  }
  // m = 0.9 * 0.1 + 0.1 * -3 = -0.21, v = 0.999 * 0.001 + 0.001 * 9; corrected by 1 - 0.81 and 1 - 0.998001.
  const [, second] = course((variables) => createAdam(variables), [1, -3]);
  const update = -0.21 / 0.19 / Math.sqrt(0.009999 / 0.001999);
  assertNear([second?.bias ?? NaN], [1.9 - 0.1 * update]);
});

test('an optimiser that was reset does not go on the way it went', () => {
  for (const create of [createSgd, createAdam]) {
    const variable = tf.variable(tf.scalar(2));
    const optimizer = create(new Map([['fc/bias', variable]]));
    optimizer.step({ 'fc/bias': tf.scalar(1) }, 0.1);
    variable.assign(tf.scalar(2));
    optimizer.reset();
    optimizer.step({ 'fc/bias': tf.scalar(0) }, 0.1);
    assert.equal(variable.dataSync()[0], 2);
  }
});
