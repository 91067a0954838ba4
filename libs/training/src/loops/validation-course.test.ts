import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learningRateAt } from './schedule.js';
import { beginCourse, followCourse } from './validation-course.js';

const halve = { rise: 0.25, stall: 3 };

/** The courses after evaluations of these accuracies and training losses. */
const coursesOf = (evaluations: readonly (readonly [number, number])[]) => {
  let course = beginCourse();
  return evaluations.map(([accuracy, loss]) => (course = followCourse(course, accuracy, loss, halve)));
};

test('the rate is halved where the accuracy has stalled, and again after as many evaluations', () => {
  const accuracies = [0.5, 0.6, 0.6, 0.55, 0.59, 0.58, 0.5, 0.6, 0.61];
  const courses = coursesOf(accuracies.map((accuracy) => [accuracy, 1]));
  assert.deepEqual(
    courses.map(({ halvings }) => halvings),
    [0, 0, 0, 0, 1, 1, 1, 2, 2],
  );
  assert.deepEqual(
    courses.map(({ sinceBest }) => sinceBest),
    [0, 0, 1, 2, 3, 4, 5, 6, 0],
  );
  assert.equal(courses.at(-1)?.best, 0.61);
});

test('the rate is halved where the training loss rises by more than a quarter', () => {
  const losses = [2, 2.5, 3.13, 9, 11.2, 14.1];
  const courses = coursesOf(losses.map((loss, i) => [0.5 + 0.01 * i, loss]));
  // 2.5 is a quarter more; after 3.13 the run goes back to where the loss was another, which says nothing of 9.
  assert.deepEqual(
    courses.map(({ halvings }) => halvings),
    [0, 0, 1, 1, 1, 2],
  );
});

test('halvings leave the warm-up alone and end at the floor', () => {
  const schedule = { peak: 0.1, warmUp: 4, steps: 100, floor: 0.2, halve };
  const rates = [0, 1, 2, 3].map((halvings) => learningRateAt(schedule, 50, halvings));
  assert.deepEqual(rates, [0.1, 0.05, 0.025, 0.1 * 0.2]);
  assert.equal(learningRateAt(schedule, 0, 3), 0.025);
  assert.equal(learningRateAt(schedule, 99, 0), 0.1);
});
