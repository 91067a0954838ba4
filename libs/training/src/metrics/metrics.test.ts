import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrationError, fitTemperature, softmaxAt } from './calibration.js';
import { argmax, classificationReport, confusionMatrix } from './classification.js';

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
}

test('the numbers of a small confusion matrix, by hand', () => {
  const truth = [0, 0, 0, 0, 1, 1];
  const predicted = [0, 0, 0, 1, 1, 0];
  const report = classificationReport(confusionMatrix(truth, predicted, 3));
  assert.deepEqual(report.confusion, [
    [3, 1, 0],
    [1, 1, 0],
    [0, 0, 0],
  ]);
  assert.equal(report.n, 6);
  near(report.accuracy, 4 / 6);
  // The third class does not occur and is in no mean.
  near(report.classMeanAccuracy, (3 / 4 + 1 / 2) / 2);
  near(report.macroF1, (6 / 8 + 2 / 4) / 2);
  near(report.perClass[0]?.precision ?? 0, 3 / 4);
  near(report.perClass[1]?.recall ?? 0, 1 / 2);
});

test('a class that is only predicted counts in F1, not in the class mean', () => {
  const report = classificationReport(confusionMatrix([0, 0], [0, 1], 2));
  near(report.classMeanAccuracy, 0.5);
  near(report.macroF1, (2 / 3 + 0) / 2);
});

test('a label that no class has is an error', () => {
  assert.throws(() => confusionMatrix([2], [0], 2), /item 0/);
});

test('calibration error of two bins, by hand', () => {
  // Bin 0.7: confidence 0.7 twice, one hit: gap 0.4 of 2; bin 0.9: confidence 0.9, a hit: gap 0.1 of 1.
  const probabilities = [
    [0.7, 0.3],
    [0.7, 0.3],
    [0.9, 0.1],
  ];
  near(calibrationError(probabilities, [0, 1, 0], 10), (0.4 + 0.1) / 3);
});

test('softmax at a temperature', () => {
  const [a = 0, b = 0] = softmaxAt([0, 2 * Math.log(3)], 2);
  near(a, 0.25);
  near(b, 0.75);
});

test('the fitted temperature makes confidence equal accuracy', () => {
  // Logits say 0.9, but only 3 of 4 are right: 0.75 = 1 / (1 + exp(-z / t)) with z = ln 9 gives t = ln 9 / ln 3 = 2.
  const logits = Array.from({ length: 4 }, () => [Math.log(9), 0]);
  assert.ok(Math.abs(fitTemperature(logits, [0, 0, 0, 1]) - 2) < 0.01);
});

test('argmax takes the first of equals', () => {
  assert.equal(argmax([1, 3, 3]), 1);
});
