import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** What it was measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly system: string;
  readonly node: string;
  readonly ffmpeg: string;
  /** Programs that wanted a core in the minute before the start: much over 0 means that the numbers are not to be trusted. */
  readonly loadBefore: number;
}

/** Describes this machine. */
export function describeMachine(ffmpegVersion: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.versions.node,
    ffmpeg: ffmpegVersion,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}
