import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Ffmpeg } from './ffmpeg.js';

const TERMINATION_GRACE_MS = 1_000;

/** How a child ended: its exit code, or the signal that killed it. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running ffmpeg: what it writes to its standard output, and a way to end it. */
export interface FfmpegChild {
  readonly pid: number | undefined;
  readonly stdout: Readable;
  /** Resolves once the process is gone and its pipes are read to their ends; rejects when it could not be started. */
  readonly ended: Promise<ChildExit>;
  /** Ends the process (SIGTERM, a second later SIGKILL) and waits until it is gone. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts ffmpeg with its standard output on a pipe and hands on its log line by line. `input` goes to its
 * standard input, where nobody who lists processes can read it.
 *
 * Where `setpriv` is installed, the kernel kills the child when this process dies, however it dies.
 */
export function startFfmpeg(
  ffmpeg: Ffmpeg,
  args: readonly string[],
  onLine: (line: string) => void,
  input: string | null = null,
): FfmpegChild {
  const [program, programArgs] =
    ffmpeg.setpriv === null
      ? [ffmpeg.path, args]
      : [ffmpeg.setpriv, ['--pdeathsig', 'KILL', ffmpeg.path, ...args]];
  const child = spawn(program, programArgs, {
    stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    // FFREPORT would make ffmpeg write its whole log, credentials and all, into a file.
    env: { ...process.env, FFREPORT: undefined, AV_LOG_FORCE_NOCOLOR: '1' },
  });
  // ffmpeg may be gone before it has read its input; its end says why.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('a child without the pipes that were asked for');
  let pending = '';
  stderr.setEncoding('utf8');
  stderr.on('data', (text: string) => {
    const lines = (pending + text).split(/[\r\n]+/);
    pending = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stderr.on('end', () => {
    if (pending !== '') onLine(pending);
  });
  const ended = new Promise<ChildExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
  // Whoever awaits `ended` sees the rejection; without a waiter it must not end this process.
  ended.catch(() => undefined);

  return {
    pid: child.pid,
    stdout,
    ended,
    async stop() {
      // A pipe that nobody drains would keep 'close' from coming.
      stdout.removeAllListeners('data').resume();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), TERMINATION_GRACE_MS);
        await ended.catch(() => undefined);
        clearTimeout(timer);
      }
      await ended.catch(() => undefined);
    },
  };
}
