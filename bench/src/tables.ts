import type { FaceEvaluation } from './face-evaluation.js';
import type { Machine } from './machine.js';
import type { Profile } from './profile.js';
import type { ClipReport } from './results.js';
import type { Scaling, ScalingRow } from './scaling.js';

/** All that was measured; what was not is null. */
export interface Measured {
  readonly reports: readonly ClipReport[];
  readonly faceEvaluation: FaceEvaluation | null;
  readonly scaling: Scaling | null;
}

/** All that was measured, as Markdown. */
export function allTables(machine: Machine, { reports, faceEvaluation, scaling }: Measured): string {
  const { cpu, cores, memoryGB, system, node, ffmpeg, loadBefore } = machine;
  const about =
    `${cores} cores (${cpu}), ${memoryGB} GB, ${system}, Node ${node}, ffmpeg ${ffmpeg}; ` +
    `load before the start: ${loadBefore}.`;
  return [
    about,
    ...reports.map(clipTables),
    ...(faceEvaluation === null ? [] : [evaluationText(faceEvaluation)]),
    ...(scaling === null ? [] : [scalingTables(scaling)]),
  ].join('\n\n');
}

function clipTables({ clip, rounds, rows, profile }: ClipReport): string {
  const share = (value: number | null): string => (value === null ? '' : `${(value * 100).toFixed(0)} %`);
  const main = table(
    ['', 'fps', 'frames', 'faces', 'faces/s', 'CPU s per minute', 'peak MB', 'share of limit', 'start s'],
    rows.map((row) => [
      row.name,
      row.fps.toFixed(1),
      `${row.frames}`,
      row.name === 'bare-decode' ? '' : `${row.faces}`,
      row.name === 'bare-decode' ? '' : row.facesPerSecond.toFixed(1),
      row.cpuSecondsPerMinute.toFixed(1),
      `${row.peakMemoryMB}`,
      share(row.limitShare),
      row.startSeconds.toFixed(2),
    ]),
  );
  const title = `### ${clip.name}`;
  const about = `${clip.width} x ${clip.height}, ${clip.seconds} s, ${clip.fps} fps; medians of ${rounds} rounds.`;
  const frames = rows.find(({ name }) => name === 'deadpan')?.frames ?? 0;
  return [title, about, main, ...(profile === null ? [] : [profileTable(profile, frames)])].join('\n\n');
}

function profileTable(profile: Profile, frames: number): string {
  const perFrame = (seconds: number): string => (frames > 0 ? ((seconds * 1000) / frames).toFixed(2) : '');
  const row = (name: string, seconds: number, calls = '', pictures = ''): string[] => [
    name,
    calls,
    pictures,
    seconds.toFixed(2),
    perFrame(seconds),
  ];
  const stages = Object.entries(profile.stageSeconds).map(
    ([name, seconds]) => `${name} ${seconds.toFixed(1)} s`,
  );
  return [
    table(
      ['deadpan, in one traced run', 'calls', 'pictures', 'CPU s', 'ms a frame'],
      [
        ...profile.networks.map(({ name, calls, pictures, cpuSeconds }) =>
          row(name, cpuSeconds, `${calls}`, `${pictures}`),
        ),
        row('workers, besides', profile.workersElseSeconds),
        row('main thread', profile.mainThreadSeconds),
        row('other threads', profile.otherThreadsSeconds),
        row('ffmpeg', profile.decodeSeconds),
      ],
    ),
    `Stages of that run, waiting included: ${stages.join(', ')}.`,
  ].join('\n\n');
}

function evaluationText({ batch, workers, msPerFace, cpuMsPerFace }: FaceEvaluation): string {
  return [
    '### Evaluation of a face',
    `A face and its generated reference through HNG and FER, batches of ${batch}, ${workers} workers: ` +
      `${msPerFace.toFixed(2)} ms a face, ${cpuMsPerFace.toFixed(2)} ms of CPU time.`,
  ].join('\n\n');
}

function scalingTables({ faces, streams, archive }: Scaling): string {
  const rowsOf = (rows: readonly ScalingRow[]): string[][] =>
    rows.map(({ count, fps, facesPerSecond, cpuSecondsPerMinute, peakMemoryMB }) => [
      `${count}`,
      fps.toFixed(1),
      facesPerSecond.toFixed(1),
      cpuSecondsPerMinute.toFixed(1),
      `${peakMemoryMB}`,
    ]);
  const titles = ['fps', 'faces/s', 'CPU s per minute', 'peak MB'];
  return [
    '### Scaling',
    table(['faces a frame', ...titles], rowsOf(faces)),
    table(['videos at once', ...titles], rowsOf(streams)),
    `Without start and report (a long clip of one face against a short one): ${archive.fps.toFixed(1)} fps; an added hour of ` +
      `archive takes ${archive.minutesPerHour.toFixed(1)} minutes, and ${archive.cpuMinutesPerHour.toFixed(1)} CPU minutes.`,
  ].join('\n\n');
}

/** A Markdown table, the first column to the left and numbers to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, c) =>
    Math.max(3, title.length, ...rows.map((row) => row[c]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, c) => (c === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(header), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}
