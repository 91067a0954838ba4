import assert from 'node:assert/strict';
import { test } from 'node:test';

import { emotionRow } from './emotions-table.js';
import { faceRow } from './faces-table.js';
import { fileName, reportHtml, type ReportData } from './report-html.js';
import { sampleEmotions, sampleExpressions } from './sample-analysis.js';
import { summarize, type InputFacts } from './summary.js';
import { timelineSvg } from './timeline-svg.js';
import { createAnalysisRecorder } from './track-record.js';

const facts: InputFacts = {
  input: 'films/<b>clip & co.mp4',
  kind: 'video',
  width: 640,
  height: 360,
  duration: 20.04,
  framesRead: 1000,
};

function reportData(input: InputFacts, people?: []): ReportData {
  const recorder = createAnalysisRecorder();
  for (const expression of sampleExpressions(people)) recorder.face(faceRow(expression));
  if (people === undefined) for (const emotion of sampleEmotions()) recorder.emotion(emotionRow(emotion));
  const summary = summarize(input, recorder.record);
  return {
    summary,
    timeline: timelineSvg(recorder.record.tracks, { duration: summary.duration }),
    version: '0.1.0',
    models: [{ name: 'fer', version: '1.0.0', sha256: 'ab'.repeat(32) }],
    settings: [['fps', '"25"']],
    references: new Map(),
    files: ['faces.csv', 'a b.csv'],
    putAside: 0,
  };
}

test('the page asks nothing of the network and runs nothing', () => {
  const page = reportHtml(reportData(facts));
  assert.match(page, /Content-Security-Policy" content="default-src 'none'/);
  assert.ok(!/<script|<link|<iframe|@import|url\(|src="(?!data:)/.test(page));
  const addresses = [...page.matchAll(/https?:\/\/[^"'\s<]+/g)].map(([address]) => address);
  assert.deepEqual(
    addresses.filter((address) => address !== 'http://www.w3.org/2000/svg'),
    [],
  );
});

test('what comes from outside is escaped', () => {
  const page = reportHtml(reportData(facts));
  assert.ok(!page.includes('<b>clip'));
  assert.match(page, /<title>Expressions in &lt;b&gt;clip &amp; co\.mp4<\/title>/);
  assert.match(page, /href="a%20b\.csv"/);
});

test('facts, tracks, moments, law and models are there', () => {
  const page = reportHtml(reportData(facts));
  assert.match(page, /<dt>Frames analysed<\/dt><dd>500 <small>of 1,000<\/small>/);
  assert.equal([...page.matchAll(/<th scope="row">[12]<\/th>/g)].length, 2);
  assert.match(page, /happiness<\/td>/);
  assert.match(page, /Regulation \(EU\) 2024\/1689, Article 5\(1\)\(f\)/);
  assert.ok(page.includes('ab'.repeat(32)));
  assert.ok(!/NaN|undefined|\[object/.test(page));
});

test('pictures appear only where references were asked for, with words for who cannot see them', () => {
  const data = reportData(facts);
  assert.ok(!reportHtml(data).includes('<img'));
  const picture = {
    time: 3,
    expression: 'happiness' as const,
    intensity: 0.5,
    crop: new Uint8Array([1]),
    reference: new Uint8Array([2]),
  };
  const page = reportHtml({ ...data, references: new Map([['1', [picture]]]) });
  assert.match(page, /<img src="data:image\/png;base64,AQ==" alt="Track 1 at 0:03\.0: happiness">/);
});

test('an input without a face, and a picture', () => {
  const nobody = reportHtml(reportData(facts, []));
  assert.match(nobody, /No face was seen/);
  assert.ok(!nobody.includes('Over time'));
  const image = reportHtml(reportData({ ...facts, kind: 'image', duration: null }));
  assert.match(image, /<dt>Picture<\/dt>/);
  assert.ok(!image.includes('Over time'));
});

test('file names', () => {
  assert.equal(fileName('a/b/c.mp4'), 'c.mp4');
  assert.equal(fileName('c:\\films\\c.mp4'), 'c.mp4');
  assert.equal(fileName('frames/'), 'frames');
});
