/* The bench: measures Deadpan and its peers side by side. `npm run bench` sets up and starts this. */
import { mkdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';

import { ownClips } from './clips.js';
import { measureFaceEvaluation } from './face-evaluation.js';
import { describeClip, ffmpegVersion } from './ffmpeg.js';
import { cache } from './folders.js';
import { describeMachine } from './machine.js';
import { measureClip } from './measure.js';
import { readOptions, USAGE } from './options.js';
import { writeReadme } from './readme.js';
import type { ClipReport } from './results.js';
import { measureScaling } from './scaling.js';
import { allTables } from './tables.js';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function bench(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return;
  }
  const options = readOptions(args);
  const { rounds, only } = options;
  const machine = describeMachine(ffmpegVersion());
  mkdirSync(cache, { recursive: true });
  const path = options.clip === null ? null : resolve(process.env['INIT_CWD'] ?? '.', options.clip);
  const clips = path === null ? ownClips() : [{ clip: describeClip(basename(path), path), only: null }];
  const reports: ClipReport[] = [];
  for (const { clip, only: theirs } of clips) {
    const names = only.filter((name) => theirs?.includes(name) ?? true);
    reports.push(await measureClip(clip, { machine, rounds, only: names, say }));
  }
  const scaling = options.scaling ? await measureScaling(rounds, say) : null;
  const faceEvaluation = only.includes('deadpan') ? await measureFaceEvaluation(rounds, say) : null;
  const tables = allTables(machine, { reports, scaling, faceEvaluation });
  if (options.write) writeReadme(tables);
  if (options.json) {
    const results = reports.map((report) => ({
      ...report,
      ...(faceEvaluation === null ? {} : { faceEvaluation }),
      ...(scaling === null ? {} : { scaling }),
    }));
    process.stdout.write(`${JSON.stringify(path === null ? results : results[0], null, 2)}\n`);
  } else {
    process.stdout.write(`${tables}\n`);
  }
}

try {
  await bench(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
