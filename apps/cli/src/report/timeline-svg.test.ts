import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CLASSES } from '@deadpan/shared';

import { emotionRow, type EmotionRow } from './emotions-table.js';
import { EXPRESSION_COLORS } from './expression-palette.js';
import { faceRow } from './faces-table.js';
import { sampleEmotions, sampleExpressions } from './sample-analysis.js';
import { timelinePoints } from './timeline-points.js';
import { timelineSvg } from './timeline-svg.js';
import { createAnalysisRecorder, type TrackRecord } from './track-record.js';

function sampleTracks(): readonly TrackRecord[] {
  const recorder = createAnalysisRecorder();
  for (const expression of sampleExpressions()) recorder.face(faceRow(expression));
  for (const emotion of sampleEmotions()) recorder.emotion(emotionRow(emotion));
  return recorder.record.tracks;
}

const neutral = (time: number, intensity = 0.1): EmotionRow => ({
  track: '1',
  start: time,
  end: time + 1,
  frames: 25,
  missed: 0,
  expression: 'neutral',
  probabilities: CLASSES.map((name) => (name === 'neutral' ? 1 : 0)),
  intensity,
});

const longTrack = (windows: readonly EmotionRow[]): TrackRecord => ({
  track: '1',
  frames: 25 * 7200,
  dominant: CLASSES.map(() => 0),
  sums: CLASSES.map(() => 0),
  intensitySum: 0,
  spans: [{ start: 0, end: 7200 }],
  windows,
});

test('one area a class and span, one panel a track, the same bytes every time', () => {
  const tracks = sampleTracks();
  const svg = timelineSvg(tracks, { duration: 20.04 });
  const areas = [...svg.matchAll(new RegExp(`<path [^>]*fill="${EXPRESSION_COLORS.happiness}"`, 'g'))];
  assert.equal(areas.length, 3); // track 1 was away once
  assert.match(svg, /Track 1<.*0:00 to 0:19, 425 frames/);
  assert.ok(svg.indexOf('Track 1<') < svg.indexOf('Track 2<'));
  assert.ok(!/NaN|undefined|Infinity/.test(svg));
  assert.equal(timelineSvg(sampleTracks(), { duration: 20.04 }), svg);
});

test('the lines end where the track was seen last', () => {
  const [first] = sampleTracks();
  assert.ok(first !== undefined);
  assert.deepEqual(
    timelinePoints(first).map((line) => [line[0]?.time, line.at(-1)?.time]),
    [
      [0, 7.96],
      [11, 19.96],
    ],
  );
});

test('two hours are few points, and a smile of one window is still there', () => {
  const windows = Array.from({ length: 14_400 }, (_, i) => neutral(i / 2));
  windows[7001] = {
    ...neutral(3500.5, 0.95),
    expression: 'happiness',
    probabilities: CLASSES.map((name) => (name === 'happiness' ? 1 : 0)),
  };
  const [line] = timelinePoints(longTrack(windows));
  assert.ok(line !== undefined && line.length < 2000, String(line?.length));
  assert.ok(
    line.some((point) => point.time === 3501 && point.probabilities[1] === 1 && point.intensity === 0.95),
  );
});

test('many tracks, one frame, and nobody', () => {
  const many = Array.from({ length: 200 }, (_, i) => ({
    ...longTrack([neutral(i)]),
    track: String(i + 1),
    frames: i + 1,
    spans: [{ start: i, end: i + 1 }],
  }));
  const svg = timelineSvg(many, { duration: 200 });
  assert.match(svg, /140 more tracks/);
  assert.ok(!svg.includes('>Track 1<') && svg.includes('>Track 200<'));
  const image = timelineSvg([{ ...longTrack([neutral(-0.5)]), spans: [{ start: 0, end: 0 }], frames: 1 }], {
    duration: 0,
  });
  assert.ok(!/NaN|Infinity/.test(image));
  assert.match(timelineSvg([], { duration: 10 }), /No face was seen/);
});

test('a track with a hostile name is only text', () => {
  const [first] = sampleTracks();
  assert.ok(first !== undefined);
  assert.ok(!timelineSvg([{ ...first, track: '<script>' }], { duration: 20 }).includes('<script>'));
});
