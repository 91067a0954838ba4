import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { testedFfmpegs } from './sample-media.js';
import { createNutReader, type NutVideo } from './nut-reader.js';

interface Found {
  readonly videos: NutVideo[];
  readonly timesUs: number[];
  readonly frames: Uint8Array[];
}

function readInPieces(bytes: Uint8Array, piece: number): Found & { readonly partial: boolean } {
  const found: Found = { videos: [], timesUs: [], frames: [] };
  const reader = createNutReader({
    onVideo: (video) => found.videos.push(video),
    allocate: (size) => new Uint8Array(size),
    onFrame(timeUs, data) {
      found.timesUs.push(timeUs);
      found.frames.push(data);
    },
  });
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  return { ...found, partial: reader.partialFrame() !== null };
}

for (const ffmpeg of await testedFfmpegs()) {
  const run = (source: string, ...options: string[]): Buffer =>
    execFileSync(
      ffmpeg.path,
      ['-v', 'error', '-f', 'lavfi', '-i', source, ...options, '-pix_fmt', 'rgb24', '-c:v', 'rawvideo', '-'],
      { maxBuffer: 1 << 28 },
    );

  test(`NUT of ffmpeg ${ffmpeg.version}, in pieces of any size, holds what ffmpeg writes raw`, () => {
    const times = [
      '-vf',
      "settb=1/1000000,setpts='(N*N+0.1*mod(N,2))/25/TB'",
      ffmpeg.frameTimingOption,
      'passthrough',
    ];
    const source = 'testsrc=size=32x18:rate=25:duration=4';
    const nut = run(source, ...times, '-enc_time_base', '1:1000000', '-f', 'nut');
    const raw = run(source, ...times, '-f', 'rawvideo');
    for (const piece of [1, 7, 1000, nut.length]) {
      const { videos, timesUs, frames, partial } = readInPieces(nut, piece);
      assert.deepEqual(videos, [{ width: 32, height: 18 }]);
      assert.equal(timesUs.length, 100);
      timesUs.forEach((time, n) => {
        assert.ok(Math.abs(time - (n * n + 0.1 * (n % 2)) * 40_000) <= 1, `frame ${n} at ${time} us`);
      });
      assert.ok(Buffer.concat(frames).equals(raw));
      assert.equal(partial, false);
    }
  });

  test(`NUT of ffmpeg ${ffmpeg.version} leaves the first bytes out of small frames that begin like a codec`, () => {
    // 0xff 0xfb is how MP3 begins; NUT does not repeat it in frames of up to 4096 bytes.
    const source = 'color=0xfffbff:size=16x16:rate=25:duration=1,format=rgb24';
    const nut = run(source, '-f', 'nut');
    const raw = run(source, '-f', 'rawvideo');
    assert.equal(raw.readUInt16BE(0), 0xfffb);
    assert.ok(Buffer.concat(readInPieces(nut, 100).frames).equals(raw));
  });

  test(`a cut NUT of ffmpeg ${ffmpeg.version} leaves a partial frame`, () => {
    const nut = run('testsrc=size=320x180:rate=25:duration=1', '-f', 'nut');
    assert.equal(readInPieces(nut.subarray(0, nut.length / 2), 4096).partial, true);
  });
}

test('what is not NUT is refused', () => {
  assert.throws(() => readInPieces(Buffer.from('RIFF....AVI LIST and so on and on'), 10), /not a NUT stream/);
});
