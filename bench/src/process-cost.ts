import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

import { processCpuSeconds } from './trace/thread-cpu.js';

/** What a program said, and what it cost with all its children. */
export interface ProcessCost {
  readonly stdout: string;
  /** From its start to its end. */
  readonly wallSeconds: number;
  /** User and system time. */
  readonly cpuSeconds: number;
  /** Resident memory of all its processes at their highest together. */
  readonly peakMemoryMB: number;
}

/** A command: the program, then its arguments. */
export type Command = readonly [string, ...string[]];

const SAMPLE_EVERY_MS = 50;
const PAGE_BYTES = 4096;
const LAST_WORDS = 2000;

/**
 * Runs a program to its end and measures it. One at a time: the CPU time is what the kernel adds up for all children of
 * this process.
 * @throws Error with what it last said when it fails
 */
export async function measureProcess(
  [program, ...args]: Command,
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<ProcessCost> {
  const before = processCpuSeconds().children;
  const started = performance.now();
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr, peakPages] = ['', '', 0];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (stderr = (stderr + text).slice(-LAST_WORDS)));
  const timer = setInterval(() => {
    if (child.pid !== undefined) peakPages = Math.max(peakPages, residentPages(child.pid));
  }, SAMPLE_EVERY_MS);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    if (code !== 0) {
      throw new Error(`${program} ${args.join(' ')} ended with exit code ${code}.\n${stderr.trim()}`);
    }
  } finally {
    clearInterval(timer);
  }
  return {
    stdout,
    wallSeconds: (performance.now() - started) / 1000,
    cpuSeconds: processCpuSeconds().children - before,
    peakMemoryMB: (peakPages * PAGE_BYTES) / 1e6,
  };
}

/** Resident pages of a process and all below it; processes that have just ended count nothing. */
function residentPages(pid: number): number {
  try {
    const own = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
    return children.reduce((sum, child) => sum + residentPages(child), own);
  } catch {
    return 0;
  }
}
