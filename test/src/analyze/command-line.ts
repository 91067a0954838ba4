import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The program's file. */
export const CLI = fileURLToPath(new URL('../../../apps/cli/bin/deadpan.js', import.meta.url));

/** What a command left behind. */
export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is started. */
export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Told of the process and of all that it has said so far, each time it says something. */
  readonly onOutput?: (child: ChildProcess, said: string) => void;
}

/** Runs `deadpan` as a user does, in a process of its own. */
export async function deadpan(args: readonly string[], options: CommandOptions = {}): Promise<CommandEnd> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    options.onOutput?.(child, stderr);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** The demo clip. */
export const CLIP = fileURLToPath(new URL('../../media/clip.mp4', import.meta.url));
/** What the demo clip shows. */
export const CLIP_TRUTH = fileURLToPath(new URL('../../media/clip.json', import.meta.url));
