import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Row } from './results.js';
import { allTables } from './tables.js';

const machine = {
  cpu: 'CPU',
  cores: 2,
  memoryGB: 8,
  system: 'linux',
  node: '20',
  ffmpeg: '5',
  loadBefore: 0.1,
};
const row: Row = {
  name: 'deadpan',
  fps: 80,
  frames: 400,
  faces: 400,
  facesPerSecond: 80,
  cpuSeconds: 10,
  cpuSecondsPerMinute: 30,
  peakMemoryMB: 600,
  limitShare: 0.8,
  startSeconds: 1,
};

test('a row of what was measured becomes a row of the table', () => {
  const clip = { name: 'a clip', width: 640, height: 360, seconds: 20, fps: 20 };
  const rows: Row[] = [row, { ...row, name: 'bare-decode', faces: 0, facesPerSecond: 0, limitShare: null }];
  const reports = [{ machine, clip, rounds: 3, rows, profile: null }];
  const text = allTables(machine, { reports, faceEvaluation: null, scaling: null });
  assert.match(
    text,
    /\| deadpan +\| +80\.0 \| +400 \| +400 \| +80\.0 \| +30\.0 \| +600 \| +80 % \| +1\.00 \|/,
  );
  assert.match(text, /\| bare-decode +\| +80\.0 \| +400 \| +\| +\|/);
});

test('the scaling says what an added hour costs', () => {
  const line = { count: 1, fps: 80, facesPerSecond: 80, cpuSecondsPerMinute: 30, peakMemoryMB: 600 };
  const archive = { fps: 100, minutesPerHour: 15, cpuMinutesPerHour: 24.5 };
  const text = allTables(machine, {
    reports: [],
    faceEvaluation: { batch: 16, workers: 2, msPerFace: 1, cpuMsPerFace: 2 },
    scaling: { faces: [line], streams: [line], archive },
  });
  assert.match(text, /100\.0 fps; an added hour of archive takes 15\.0 minutes, and 24\.5 CPU minutes/);
});

test('the evaluation of a face is told in milliseconds', () => {
  const faceEvaluation = { batch: 16, workers: 2, msPerFace: 1.234, cpuMsPerFace: 2.5 };
  const text = allTables(machine, { reports: [], faceEvaluation, scaling: null });
  assert.match(text, /batches of 16, 2 workers: 1\.23 ms a face, 2\.50 ms of CPU time/);
});
