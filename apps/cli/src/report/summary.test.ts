import assert from 'node:assert/strict';
import { test } from 'node:test';

import { emotionRow } from './emotions-table.js';
import { faceRow } from './faces-table.js';
import { sampleEmotions, sampleExpressions } from './sample-analysis.js';
import { summarize, type InputFacts } from './summary.js';
import { createAnalysisRecorder } from './track-record.js';

const facts: InputFacts = {
  input: 'clip.mp4',
  kind: 'video',
  width: 640,
  height: 360,
  duration: 20.04,
  framesRead: 501,
};

test('frames, tracks, shares and strongest moments of a known video', () => {
  const recorder = createAnalysisRecorder();
  for (const expression of sampleExpressions()) recorder.face(faceRow(expression));
  for (const emotion of sampleEmotions()) recorder.emotion(emotionRow(emotion));
  const summary = summarize(facts, recorder.record);

  assert.deepEqual(summary.frames, { read: 501, analysed: 500, withFace: 500 });
  assert.equal(summary.faces, 8 * 25 + 9 * 25 + 16 * 25);
  assert.equal(summary.duration, 20.04);
  const [first, second] = summary.tracks;
  assert.equal(first?.first, 0);
  assert.equal(first.last, 19.96);
  assert.deepEqual(
    first.moments.map(({ expression }) => expression),
    ['happiness', 'sadness', 'sadness'],
  );
  assert.ok(first.shares.happiness > 0.15 && first.shares.happiness < 0.25);
  const sum = Object.values(first.shares).reduce((a, b) => a + Math.round(b * 1e4), 0);
  assert.equal(sum, 10_000);
  const surprise = second?.moments.find(({ expression }) => expression === 'surprise');
  assert.ok(surprise !== undefined && Math.abs(surprise.time - 9.75) <= 0.75);
});

test('spans break where a track is away, and not where one frame was missed', () => {
  const recorder = createAnalysisRecorder();
  for (const expression of sampleExpressions()) {
    const row = faceRow(expression);
    recorder.face(row.frame === 50 && row.face?.track === '1' ? { ...row, face: null } : row);
  }
  assert.deepEqual(recorder.record.tracks[0]?.spans, [
    { start: 0, end: 7.96 },
    { start: 11, end: 19.96 },
  ]);
});

test('an input without a face, or without a frame, has a summary too', () => {
  const recorder = createAnalysisRecorder();
  recorder.face({ frame: 0, time: 0, face: null });
  const summary = summarize({ ...facts, duration: null }, recorder.record);
  assert.deepEqual(summary.tracks, []);
  assert.deepEqual(summary.frames, { read: 501, analysed: 1, withFace: 0 });
  assert.equal(summarize(facts, createAnalysisRecorder().record).faces, 0);
});
