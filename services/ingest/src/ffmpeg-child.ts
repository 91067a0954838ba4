import { spawn, type ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
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
  let child: ChildProcess;
  try {
    child = spawn(program, programArgs, {
      stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      // FFREPORT would make ffmpeg write its whole log, credentials and all, into a file.
      env: { ...process.env, FFREPORT: undefined, AV_LOG_FORCE_NOCOLOR: '1' },
    });
  } catch (error) {
    return childWithoutPipes(Promise.reject(startFailure(error)));
  }
  const ended = new Promise<ChildExit>((resolve, reject) => {
    child.once('error', (error) => {
      reject(startFailure(error));
    });
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
  // Whoever awaits `ended` sees the rejection; without a waiter it must not end this process.
  ended.catch(() => undefined);
  // Without a descriptor that is free there is no pipe: not even null, which is all that the types know of.
  const { stdin, stdout, stderr } = child as Partial<Pick<ChildProcess, 'stdin' | 'stdout' | 'stderr'>>;
  if (!stdout || !stderr) return childWithoutPipes(ended);
  // ffmpeg may be gone before it has read its input; its end says why.
  stdin?.on('error', () => undefined);
  stdin?.end(input);
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

/** A child that never began: it writes nothing, and `ended` says why. */
function childWithoutPipes(ended: Promise<ChildExit>): FfmpegChild {
  ended.catch(() => undefined);
  return {
    pid: undefined,
    stdout: Readable.from([]),
    ended,
    async stop() {
      await ended.catch(() => undefined);
    },
  };
}

/** The rest of a sentence about a process that could not be started. */
function startFailure(cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reason =
    code === 'EMFILE' || code === 'ENFILE'
      ? 'too many files are open'
      : cause instanceof Error
        ? cause.message
        : String(cause);
  return new Error(`ffmpeg could not be started: ${reason}`, { cause });
}
