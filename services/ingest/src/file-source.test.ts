import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { DeadpanError, type ErrorCode, type Frame } from '@deadpan/shared';
import { openFile, type FileOptions, type FilePosition, type FileSource } from './file-source.js';
import { childPids, createSampleMedia, H264, pattern, testedFfmpegs } from './sample-media.js';

interface Seen {
  readonly sequence: number;
  readonly timeUs: number;
  readonly hash: string;
}

interface Reading {
  readonly source: FileSource;
  readonly frames: readonly Seen[];
  /** Where reading had come to at each frame. */
  readonly positions: readonly (FilePosition | null)[];
  /** What ended the iteration, if it did not end well. */
  readonly error: DeadpanError | null;
}

const [newest, ...others] = await testedFfmpegs();
assert.ok(newest);
const media = createSampleMedia(newest);
after(() => {
  media.remove();
});

const see = (frame: Frame): Seen => ({
  sequence: frame.sequence,
  timeUs: frame.timeUs,
  hash: createHash('sha1').update(frame.image.data).digest('hex'),
});
const times = (frames: readonly Seen[]): number[] => frames.map((frame) => frame.timeUs);
const deadpan = (error: unknown): DeadpanError => {
  if (error instanceof DeadpanError) return error;
  throw error;
};

const plainClip = media.make('plain.mp4', ...pattern('320x180', 4), ...H264, '-movflags', 'faststart');
const image = media.make('picture.jpg', ...pattern('64x32', 1), '-frames:v', '1');

for (const ffmpeg of [newest, ...others]) {
  const open = (path: string, options: Partial<FileOptions> = {}): Promise<FileSource> =>
    openFile(path, { ffmpeg, ...options });
  const read = async (path: string, options: Partial<FileOptions> = {}): Promise<Reading> => {
    const source = await open(path, options);
    const frames: Seen[] = [];
    const positions: (FilePosition | null)[] = [];
    let error: DeadpanError | null = null;
    try {
      for await (const frame of source) {
        frames.push(see(frame));
        positions.push(source.position);
        frame.release();
      }
    } catch (thrown) {
      error = deadpan(thrown);
    }
    assert.equal(source.unreleased, 0, 'every buffer is back');
    assert.deepEqual(childPids(), [], 'no ffmpeg is left, not even as a zombie');
    return { source, frames, positions, error };
  };
  const refused = async (path: string, code: ErrorCode, sentence: RegExp): Promise<void> => {
    await assert.rejects(open(path), (error) => {
      assert.equal(deadpan(error).code, code, deadpan(error).message);
      assert.match(deadpan(error).message, sentence);
      assert.ok(deadpan(error).message.includes(path), 'the sentence names the file');
      return true;
    });
    assert.deepEqual(childPids(), []);
  };

  describe(`reading files with ffmpeg ${ffmpeg.version}`, () => {
    test('tells what the file is and yields each frame once, in order', async () => {
      const { source, frames, error } = await read(plainClip);
      assert.equal(error, null);
      assert.deepEqual(source.info, {
        path: plainClip,
        kind: 'video',
        width: 320,
        height: 180,
        durationUs: 4_000_000,
        nominalFps: 25,
        codec: 'h264',
        pixelFormat: 'yuv420p',
      });
      assert.deepEqual(
        frames.map(({ sequence, timeUs }) => [sequence, timeUs]),
        Array.from({ length: 100 }, (_, i) => [i, i * 40_000]),
      );
      assert.equal(new Set(frames.map((frame) => frame.hash)).size, 100);
    });

    test('keeps variable times exact', async () => {
      const vfr = media.make(
        'vfr.mp4',
        ...[...pattern('160x90', 9), '-frames:v', '75'],
        ...[
          '-vf',
          "setpts='(N+0.37*mod(N,3)+if(gt(N,30),17.3,0))/25/TB'",
          newest.frameTimingOption,
          'passthrough',
        ],
        ...['-enc_time_base', '1:90000', ...H264, '-video_track_timescale', '90000'],
      );
      const { frames } = await read(vfr);
      const reference = media.referenceTimesUs(vfr);
      assert.equal(reference.length, 75);
      assert.ok(
        new Set(reference.map((time, i) => time - (reference[i - 1] ?? 0))).size > 3,
        'the rate varies',
      );
      assert.deepEqual(times(frames), reference);
    });

    test('counts time from the start of the media, not of the picture', async () => {
      // In a transport stream time stamps start at 1.4 s; the sound is there first, the picture half a second later.
      const late = media.make(
        'late.ts',
        ...['-f', 'lavfi', '-i', 'sine', '-itsoffset', '0.5', ...pattern('160x90', 2)],
        ...['-map', '0:a', '-map', '1:v', ...H264, '-c:a', 'mp2', '-t', '2'],
      );
      const { frames } = await read(late);
      const [first = 0] = times(frames);
      assert.ok(Math.abs(first - 500_000) < 50_000, `the first picture is at ${first} us`);
      const [start = 0, ...rest] = media.referenceTimesUs(late);
      assert.deepEqual(
        times(frames),
        [start, ...rest].map((time) => time - start + first),
      );
    });

    test('samples by time, and never more than there is', async () => {
      const five = await read(plainClip, { fps: 5 });
      assert.deepEqual(
        times(five.frames),
        Array.from({ length: 20 }, (_, i) => i * 200_000),
      );
      assert.deepEqual(
        five.frames.map((frame) => frame.sequence),
        Array.from({ length: 20 }, (_, i) => i),
      );
      const ten = await read(plainClip, { fps: 10 });
      assert.equal(ten.frames.length, 40);
      const hundred = await read(plainClip, { fps: 100 });
      assert.equal(hundred.frames.length, 100);
    });

    test('reads from start up to end', async () => {
      const all = await read(plainClip);
      const part = await read(plainClip, { startUs: 3_120_000, endUs: 3_400_000 });
      assert.equal(part.error, null);
      assert.deepEqual(
        times(part.frames),
        [3120, 3160, 3200, 3240, 3280, 3320, 3360].map((ms) => ms * 1000),
      );
      assert.deepEqual(
        part.frames.map((frame) => frame.hash),
        all.frames.slice(78, 85).map((frame) => frame.hash),
      );
      const nothing = await read(plainClip, { startUs: 60_000_000 });
      assert.deepEqual(nothing.frames, []);
    });

    for (const fps of [undefined, 7, 0.4]) {
      test(`resumes with the same numbers, times and pixels, ${fps === undefined ? 'all frames' : `${fps} a second`}`, async () => {
        for (const extension of fps === 0.4 ? ['mp4'] : ['mp4', 'mkv', 'ts', 'avi']) {
          const path = media.make(`ntsc.${extension}`, ...pattern('160x90', 5, 30000 / 1001), ...H264);
          const sampling = fps === undefined ? {} : { fps };
          const whole = await read(path, sampling);
          const { frames } = whole;
          assert.equal(whole.source.framesRead, 150, extension);
          for (const at of new Set([0, 1, Math.floor(frames.length * 0.8), frames.length - 1])) {
            const position = whole.positions[at];
            assert.ok(position, `${extension} at frame ${at}`);
            const rest = await read(path, { ...sampling, resumeAfter: structuredClone(position) });
            assert.equal(rest.error, null);
            assert.deepEqual(rest.frames, frames.slice(at + 1), `${extension} after frame ${at}`);
            assert.deepEqual(rest.positions, whole.positions.slice(at + 1));
            assert.equal(rest.source.framesRead, 150, `${extension} after frame ${at}`);
            assert.deepEqual(rest.source.info, whole.source.info);
          }
        }
      });
    }

    test('says how many frames it went through, however many it handed out, in any part of the file', async () => {
      for (const fps of [undefined, 5]) {
        const sampling = fps === undefined ? {} : { fps };
        const part = await read(plainClip, { ...sampling, startUs: 2_000_000, endUs: 3_200_000 });
        assert.equal(part.frames.length, fps === undefined ? 30 : 6);
        assert.equal(part.source.framesRead, 30);
        const position = part.positions[2];
        assert.ok(position);
        const rest = await read(plainClip, { ...sampling, endUs: 3_200_000, resumeAfter: position });
        assert.deepEqual(rest.frames, part.frames.slice(3));
        assert.equal(rest.source.framesRead, 30);
      }
    });

    test('resumes in a damaged file with the same frames and the same word about it', async () => {
      const bytes = Buffer.from(readFileSync(plainClip));
      // In the middle, where pictures are; the index comes first.
      bytes.fill(0xff, Math.floor(bytes.length * 0.3), Math.floor(bytes.length * 0.34));
      const path = media.write('damaged.mp4', bytes);
      const whole = await read(path);
      assert.equal(whole.error?.code, 'E_INPUT_TRUNCATED');
      const at = Math.floor(whole.frames.length * 0.9);
      const position = whole.positions[at];
      assert.ok(position);
      const rest = await read(path, { resumeAfter: position });
      assert.deepEqual(rest.frames, whole.frames.slice(at + 1));
      assert.equal(rest.error?.code, 'E_INPUT_TRUNCATED');
      assert.match(rest.error.message, / 100 frames up to 3\.960 s were read/);
    });

    test('goes on in time where the clock is set back, with the same numbers after an interruption', async () => {
      const part = readFileSync(media.make('clock.ts', ...pattern('160x90', 1), ...H264));
      const joined = media.write('clock-back.ts', Buffer.concat([part, part, part]));
      const { positions, frames } = await read(joined);
      assert.deepEqual(
        times(frames),
        Array.from({ length: 75 }, (_, i) => i * 40_000),
      );
      for (const at of [20, 60]) {
        const position = positions[at];
        assert.ok(position);
        assert.deepEqual((await read(joined, { resumeAfter: position })).frames, frames.slice(at + 1));
      }
      const sampled = times((await read(joined, { fps: 5, startUs: 1_000_000 })).frames);
      assert.equal(sampled.length, 10);
      assert.deepEqual(
        new Set(sampled.slice(1).map((time, i) => time - (sampled[i] ?? 0))),
        new Set([200_000]),
      );
    });

    test('takes no time for a place where the clock is set back in a file that is not read from its beginning', async () => {
      const bytes = readFileSync(
        media.make(
          'clusters.mkv',
          ...pattern('160x90', 2),
          ...H264,
          '-bf',
          '0',
          '-cluster_time_limit',
          '1000',
        ),
      );
      const cluster = Buffer.from('1f43b675', 'hex');
      const second = bytes.indexOf(cluster, bytes.indexOf(cluster) + 4);
      // The time of a cluster is its first element: a number of two bytes, in milliseconds.
      const time = bytes.indexOf(Buffer.from([0xe7, 0x82]), second) + 2;
      assert.equal(bytes.readUInt16BE(time), 1000);
      bytes.writeUInt16BE(200, time);
      const { positions, frames } = await read(media.write('clusters.mkv', bytes));
      assert.equal(frames.length, 50);
      assert.notEqual(positions[20], null);
      assert.equal(positions.at(-1), null);
    });

    test('scales down to the analysis size, never up, and keeps the source size in the record', async () => {
      const wide = media.make(
        'wide.mp4',
        ...pattern('1921x1080', 0.2),
        '-c:v',
        'libx264',
        '-pix_fmt',
        'yuv444p',
      );
      for await (const frame of await open(wide)) {
        assert.deepEqual([frame.width, frame.height], [1921, 1080]);
        assert.deepEqual([frame.image.width, frame.image.height], [1280, 720]);
        assert.equal(frame.image.data.length, 1280 * 720 * 3);
        assert.ok(frame.image.data.buffer instanceof SharedArrayBuffer);
        frame.release();
      }
      const odd = media.make('odd.mp4', ...pattern('321x181', 0.2), '-c:v', 'libx264', '-pix_fmt', 'yuv444p');
      const { source, frames } = await read(odd);
      assert.deepEqual([source.info.width, source.info.height, frames.length], [321, 181, 5]);
    });

    test('gives square pixels for anamorphic video', async () => {
      const { source } = await read(
        media.make('sar.mp4', ...pattern('360x288', 0.2), '-vf', 'setsar=16/11', ...H264),
      );
      assert.deepEqual([source.info.width, source.info.height], [524, 288]);
    });

    test('turns a video upright by its display matrix', async () => {
      const upright = readFileSync(media.make('turned.mp4', ...pattern('160x90', 0.2), ...H264));
      // The matrix of the track header (ISO/IEC 14496-12, 8.3.2), set to a quarter turn clockwise.
      const matrix = upright.indexOf('tkhd') + 4 + 40;
      [0, 1, 0, -1, 0, 0, 90, 0].forEach((value, i) => {
        if (value !== 90) upright.writeInt32BE(value * 65536, matrix + 4 * i);
        else upright.writeInt32BE(90 * 65536, matrix + 4 * i);
      });
      upright.writeInt32BE(0x40000000, matrix + 32);
      const turned = await read(media.write('turned.mp4', upright));
      assert.deepEqual([turned.source.info.width, turned.source.info.height], [90, 160]);
    });

    test('follows a size that changes in the middle', async () => {
      const raw = (size: string): Buffer =>
        readFileSync(media.make('part.h264', ...pattern(size, 1), ...H264, '-bf', '0'));
      const sizes: string[] = [];
      const seen: number[] = [];
      for await (const frame of await open(
        media.write('two-sizes.h264', Buffer.concat([raw('320x180'), raw('160x120')])),
      )) {
        sizes.push(`${frame.width}x${frame.height}:${frame.image.data.length}`);
        seen.push(frame.timeUs);
        frame.release();
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 50 }, (_, i) => i * 40_000),
      );
      const after = ffmpeg.followsSize ? `160x120:${160 * 120 * 3}` : `320x180:${320 * 180 * 3}`;
      assert.deepEqual(sizes, [
        ...Array<string>(25).fill(`320x180:${320 * 180 * 3}`),
        ...Array<string>(25).fill(after),
      ]);
    });

    test('reads 10-bit HEVC', async () => {
      const hevc = media.make(
        'ten-bit.mkv',
        ...[
          ...pattern('320x180', 0.4),
          '-c:v',
          'libx265',
          '-x265-params',
          'log-level=none',
          '-preset',
          'ultrafast',
        ],
        ...['-pix_fmt', 'yuv420p10le'],
      );
      const { source, frames } = await read(hevc);
      assert.deepEqual(
        [source.info.codec, source.info.pixelFormat, frames.length],
        ['hevc', 'yuv420p10le', 10],
      );
    });

    test('reads pictures of 16 x 16 and of 8192 x 4320 pixels, and one single frame', async () => {
      const small = await read(media.make('small.mp4', ...pattern('16x16', 0.4), ...H264));
      assert.deepEqual([small.source.info.width, small.frames.length], [16, 10]);
      const large = await read(
        media.make('large.mp4', ...pattern('8192x4320', 1), '-frames:v', '1', ...H264),
      );
      assert.deepEqual(
        [large.source.info.width, large.source.info.height, large.frames.length],
        [8192, 4320, 1],
      );
    });

    test('reads alpha PNG, CMYK JPEG, animated GIF, and a picture with a pattern in its name', async () => {
      const alpha = await read(
        media.make('alpha.png', ...pattern('64x32', 1), '-frames:v', '1', '-pix_fmt', 'rgba'),
      );
      assert.deepEqual(
        [alpha.source.info.kind, alpha.source.info.pixelFormat, alpha.frames.length],
        ['image', 'rgba', 1],
      );
      assert.deepEqual([alpha.source.info.durationUs, times(alpha.frames)], [null, [0]]);

      const cmyk = await read(media.write('cmyk.jpg', Buffer.from(CMYK_JPEG, 'base64')));
      assert.deepEqual([cmyk.source.info.width, cmyk.source.info.height, cmyk.frames.length], [64, 32, 1]);

      const gif = await read(media.make('moving.gif', ...pattern('64x32', 1, 10)));
      assert.deepEqual(
        [gif.source.info.kind, times(gif.frames)],
        ['video', Array.from({ length: 10 }, (_, i) => i * 100_000)],
      );

      const named = await read(media.write('shot 100%03d.jpg', readFileSync(image)));
      assert.equal(named.frames.length, 1);
    });

    test('turns a picture upright by its EXIF orientation, wherever its format keeps it', async () => {
      for (const [extension, oriented] of Object.entries(ORIENTED)) {
        // A picture that is dark but for its upper left quarter.
        const plain = readFileSync(
          media.make(
            `corner.${extension}`,
            ...['-f', 'lavfi', '-i', 'color=black:size=64x32', '-vf', 'drawbox=w=32:h=16:color=white:t=16'],
            ...['-frames:v', '1', ...(extension === 'jpg' ? ['-pix_fmt', 'yuvj444p'] : [])],
          ),
        );
        const corners: string[] = [];
        for (let orientation = 1; orientation <= 8; orientation++) {
          const name = `exif-${orientation}.${extension}`;
          for await (const frame of await open(media.write(name, oriented(plain, orientation)))) {
            const { width, height, data } = frame.image;
            const bright = (x: number, y: number): boolean => (data[(y * width + x) * 3] ?? 0) > 128;
            const where = bright(4, 4)
              ? 'nw'
              : bright(width - 5, 4)
                ? 'ne'
                : bright(4, height - 5)
                  ? 'sw'
                  : 'se';
            corners.push(`${width}x${height} ${where}`);
            frame.release();
          }
        }
        assert.deepEqual(
          corners,
          [
            ...['64x32 nw', '64x32 ne', '64x32 se', '64x32 sw'],
            ...['32x64 nw', '32x64 ne', '32x64 se', '32x64 sw'],
          ],
          extension,
        );
      }
    });

    test('refuses pictures of which ffmpeg would make nothing, or a black one', async () => {
      const moving = media.make('moving.webp', ...pattern('64x32', 1, 5), '-c:v', 'libwebp_anim');
      await refused(moving, 'E_INPUT_FORMAT', /is an animated WebP/);
      const tiff = media.make('jpeg.tif', ...pattern('64x32', 1), '-frames:v', '1');
      const compressed = withTag(readFileSync(tiff), 0x0103, 7);
      await refused(media.write('jpeg.tif', compressed), 'E_INPUT_FORMAT', /is a TIFF with JPEG in it/);
      const heic = Buffer.concat([
        Buffer.from('0000001c6674797068656963000000006d69663168656963', 'hex'),
        noise(50_000),
      ]);
      await refused(media.write('phone.heic', heic), 'E_INPUT_FORMAT', /is a HEIC picture/);
    });

    test('refuses what is not there, empty, not media, without pictures or too small', async () => {
      await refused(media.path('nowhere.mp4'), 'E_INPUT_MISSING', /does not exist/);
      // As a folder lists a name in Latin-1.
      await refused(media.path('M\ufffdller.mp4'), 'E_INPUT_MISSING', /is not UTF-8/);
      await refused(media.write('empty.mp4', ''), 'E_INPUT_EMPTY', /is empty/);
      await refused(media.folder, 'E_INPUT_FORMAT', /is not a file/);
      await refused(
        media.write('text.mp4', 'Dear diary, nothing moved today.\n'.repeat(400)),
        'E_INPUT_FORMAT',
        /is not a video/,
      );
      await refused(media.write('noise.mkv', noise(100_000)), 'E_INPUT_FORMAT', /is not a video/);
      for (const extension of ['m4a', 'wav', 'mp3']) {
        const codec = extension === 'm4a' ? 'aac' : extension === 'wav' ? 'pcm_s16le' : 'libmp3lame';
        const sound = media.make(`sound.${extension}`, '-f', 'lavfi', '-i', 'sine', '-t', '1', '-c:a', codec);
        await refused(sound, 'E_INPUT_NO_VIDEO', /has no video in it/);
      }
      for (const extension of ['mp4', 'mkv', 'avi']) {
        await refused(
          media.make(`none.${extension}`, ...pattern('64x64', 0), '-c:v', 'mpeg4'),
          'E_INPUT_NO_VIDEO',
          /no|before its first frame/,
        );
      }
      await refused(
        media.make('tiny.png', ...pattern('8x8', 1), '-frames:v', '1'),
        'E_INPUT_TOO_SMALL',
        /8 x 8 pixels/,
      );
    });

    test('opens no other file for a playlist in disguise', async () => {
      media.write('list.txt', `ffconcat version 1.0\nfile '${plainClip}'\n`);
      await refused(
        media.write('list.mp4', `ffconcat version 1.0\nfile '${plainClip}'\n`),
        'E_INPUT_FORMAT',
        /is not a video/,
      );
      const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n${plainClip}\n#EXT-X-ENDLIST\n`;
      await refused(media.write('hls.mp4', playlist), 'E_INPUT_FORMAT', /is not a video/);
    });

    test('refuses a picture of 16000 x 16000 pixels without decoding it', async () => {
      const small = readFileSync(image);
      const size = small.indexOf(Buffer.from([0xff, 0xc0])) + 5;
      small.writeUInt16BE(16000, size);
      small.writeUInt16BE(16000, size + 2);
      const huge = Buffer.concat([small.subarray(0, -2), Buffer.alloc(2_000_000, 0x55), small.subarray(-2)]);
      await refused(media.write('huge.jpg', huge), 'E_INPUT_TOO_LARGE', /16000 x 16000 pixels/);
    });

    test('yields what could be decoded of a file that is cut off, then says so', async () => {
      const rest = (path: string, share: number): string => {
        const bytes = readFileSync(path);
        return media.write(
          `cut-${path.split('/').at(-1) ?? ''}`,
          bytes.subarray(0, Math.floor(bytes.length * share)),
        );
      };
      const cut = await read(rest(plainClip, 0.6));
      assert.equal(cut.error?.code, 'E_INPUT_TRUNCATED');
      assert.match(
        cut.error.message,
        /cut-plain\.mp4" is cut off or damaged .* frames up to \d\.\d{3} s were read/,
      );
      assert.ok(cut.frames.length > 30 && cut.frames.length < 80, `${cut.frames.length} frames`);
      const whole = await read(plainClip);
      assert.deepEqual(cut.frames.slice(0, 30), whole.frames.slice(0, 30));

      for (const extension of ['mkv', 'ts', 'avi', 'flv', 'webm', 'mpg']) {
        const codec = extension === 'webm' ? ['-c:v', 'libvpx', '-deadline', 'realtime'] : [];
        const path = rest(media.make(`whole.${extension}`, '-i', plainClip, ...codec), 0.613);
        const { error, frames } = await read(path);
        assert.equal(error?.code, 'E_INPUT_TRUNCATED', extension);
        assert.ok(frames.length > 30 && frames.length < 80, `${extension}: ${frames.length} frames`);
      }
      // An mp4 whose index comes last has lost it.
      await refused(
        rest(media.make('late-index.mp4', ...pattern('320x180', 2), ...H264), 0.6),
        'E_INPUT_TRUNCATED',
        /index/,
      );
      const photo = media.make('photo.jpg', ...pattern('640x360', 1), '-frames:v', '1');
      const half = await read(rest(photo, 0.5));
      assert.deepEqual([half.error?.code, half.frames.length], ['E_INPUT_TRUNCATED', 1]);
      await refused(rest(photo, 0.03), 'E_INPUT_TRUNCATED', /damaged/);
    });

    test('says when ffmpeg is killed in the middle, by whatever signal', async () => {
      const long = media.make('long.mp4', ...pattern('640x360', 1), ...H264);
      const looped = media.make('looped.mp4', '-stream_loop', '39', '-i', long, '-c', 'copy');
      for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
        const source = await open(looped);
        let seen = 0;
        await assert.rejects(
          async () => {
            for await (const frame of source) {
              if (seen++ === 10) childPids().forEach((pid) => process.kill(pid, signal));
              frame.release();
            }
          },
          (error) => deadpan(error).code === 'E_DECODER_DIED' && deadpan(error).message.includes(looped),
        );
        assert.ok(seen >= 10 && seen < 1000);
        assert.deepEqual(childPids(), []);
        assert.equal(source.unreleased, 0);
      }
    });

    test('leaves nothing behind when the reader stops early, closes, or throws', async () => {
      const looped = media.path('looped.mp4');
      for await (const frame of await open(looped)) {
        frame.release();
        break;
      }
      assert.deepEqual(childPids(), []);

      const unread = await open(looped);
      assert.equal(childPids().length, 1);
      await unread.close();
      await unread.close();
      assert.deepEqual(childPids(), []);

      const closed = await open(looped);
      let count = 0;
      for await (const frame of closed) {
        frame.release();
        if (++count === 5) await closed.close();
      }
      assert.equal(count, 5);
      assert.deepEqual([childPids(), closed.unreleased], [[], 0]);
    });

    test('waits for a slow reader and uses its memory again', async () => {
      const source = await open(media.path('looped.mp4'));
      const buffers = new Set<unknown>();
      let seen = 0;
      for await (const frame of source) {
        // Four wait, one is being filled, one is in our hands, and a chunk of the pipe may complete one more.
        assert.ok(source.unreleased <= 7, `${source.unreleased} buffers are out`);
        if (seen++ < 20) await new Promise((resolve) => setImmediate(resolve));
        buffers.add(frame.image.data.buffer);
        frame.release();
        frame.release();
      }
      assert.equal(seen, 1000);
      assert.ok(buffers.size <= 7, `${buffers.size} buffers for 1000 frames`);
    });
  });
}

test('memory stays flat over 10,000 frames', async () => {
  const path = media.make(
    'ten-thousand.mp4',
    '-stream_loop',
    '9',
    '-i',
    media.path('looped.mp4'),
    '-c',
    'copy',
  );
  const resident: number[] = [];
  let seen = 0;
  for await (const frame of await openFile(path, { ffmpeg: newest })) {
    if (++seen % 1000 === 0) resident.push(process.memoryUsage.rss() / 2 ** 20);
    frame.release();
  }
  assert.equal(seen, 10_000);
  const [, settled = 0] = resident;
  assert.ok(
    Math.max(...resident.slice(2)) - settled < 40,
    `resident MiB: ${resident.map(Math.round).join(', ')}`,
  );
});

test('a file without read permission is said to be one', { skip: process.getuid?.() === 0 }, async () => {
  const path = media.write('secret.mp4', readFileSync(plainClip));
  chmodSync(path, 0);
  await assert.rejects(openFile(path, { ffmpeg: newest }), /may not be read/);
});

/** 64 x 32 pixels, four inks, Adobe marker; made for this test. */
const CMYK_JPEG =
  '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwWFiAsICMmJykqKRkfLTAtKDAlKCko/8AAFAgAIABABEMRAE0RAFkRAEsRAP/EABgAAQEBAQEAAAAAAAAAAAAAAAAGCQgH/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwDmh486pdUgDUBAsv0WAAAAAADL9fNQFoANQECy/RYAAAAAAAAAAAAAAAAAAAAAAAAAAAD/2Q==';

/** Ways to say an orientation, by extension. */
const ORIENTED: Readonly<Record<string, (picture: Buffer, orientation: number) => Buffer>> = {
  /** In a segment before everything else. */
  jpg: (jpeg, orientation) => {
    const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exifOf(orientation)]);
    const head = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
    return Buffer.concat([jpeg.subarray(0, 2), head, exif, jpeg.subarray(2)]);
  },
  /** In a chunk between the pixels and the end; the four bytes after it are its check sum. */
  png: (png, orientation) => {
    const exif = exifOf(orientation);
    const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from('eXIf', 'latin1'), exif, Buffer.alloc(4)]);
    chunk.writeUInt32BE(exif.length, 0);
    return Buffer.concat([png.subarray(0, -12), chunk, png.subarray(-12)]);
  },
  /** In a chunk after the pixels, which the chunk VP8X announces. */
  webp: (webp, orientation) => {
    const exif = exifOf(orientation);
    const riff = (type: string, content: Buffer): Buffer => {
      const head = Buffer.from(`${type}0000`, 'latin1');
      head.writeUInt32LE(content.length, 4);
      return Buffer.concat([head, content]);
    };
    const announced = riff('VP8X', Buffer.from([8, 0, 0, 0, 63, 0, 0, 31, 0, 0]));
    const pixels = webp.subarray(webp.indexOf('VP8 '));
    const content = [Buffer.from('WEBP', 'latin1'), announced, pixels, riff('EXIF', exif)];
    return riff('RIFF', Buffer.concat(content));
  },
  /** In its directory. */
  tif: (tiff, orientation) => withTag(tiff, 0x0112, orientation),
};

/** Exif that says an orientation and nothing else. */
function exifOf(orientation: number): Buffer {
  const exif = Buffer.alloc(26);
  exif.write('MM\0*', 0, 'latin1');
  exif.writeUInt32BE(8, 4);
  exif.writeUInt16BE(1, 8);
  exif.writeUInt16BE(0x0112, 10);
  exif.writeUInt16BE(3, 12);
  exif.writeUInt32BE(1, 14);
  exif.writeUInt16BE(orientation, 18);
  return exif;
}

/** A TIFF in little-endian with a tag of one short number in its directory, which goes to the end of the file. */
function withTag(tiff: Buffer, tag: number, value: number): Buffer {
  const at = tiff.readUInt32LE(4);
  const entries = Array.from({ length: tiff.readUInt16LE(at) }, (_, i) =>
    tiff.subarray(at + 2 + 12 * i, at + 14 + 12 * i),
  ).filter((entry) => entry.readUInt16LE(0) !== tag);
  const added = Buffer.alloc(12);
  added.writeUInt16LE(tag, 0);
  added.writeUInt16LE(3, 2);
  added.writeUInt32LE(1, 4);
  added.writeUInt16LE(value, 8);
  entries.push(added);
  entries.sort((a, b) => a.readUInt16LE(0) - b.readUInt16LE(0));
  const count = Buffer.alloc(2);
  count.writeUInt16LE(entries.length);
  const head = Buffer.from(tiff.subarray(0, 8));
  head.writeUInt32LE(tiff.length, 4);
  return Buffer.concat([head, tiff.subarray(8), count, ...entries, Buffer.alloc(4)]);
}

/** Bytes without meaning, the same in every run. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0, state = 12345; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
