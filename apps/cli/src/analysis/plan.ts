import { join } from 'node:path';

import { fileLength, type ExpandedInput, type Ffmpeg, type FileLength } from '@deadpan/ingest';
import { DeadpanError } from '@deadpan/shared';

import type { DeadpanConfig } from '../config.js';
import { hiddenFolder } from '../report/atomic-folder.js';
import { clockTime } from '../report/clock-time.js';
import { isThere } from '../report/is-there.js';
import type { ModelFacts } from '../report/report-html.js';
import { hasCheckpoint } from './checkpoint.js';
import { readFolderRecord, type FolderRecord } from './folder-record.js';
import { SEAL } from './result-files.js';
import { difference, isSameFile, madeFrom, type MadeFrom, type ResultOptions } from './made-from.js';

/** One input and what is to be done with it. */
export interface PlannedInput extends ExpandedInput {
  /** Null where the file cannot be looked at. */
  readonly madeFrom: MadeFrom | null;
  /** The record of results that are as they should be: nothing to do; null otherwise. */
  readonly done: FolderRecord | null;
  /** Why results that are there do not do; null where there are none. */
  readonly again: string | null;
  /** Whether an interrupted run left something to go on from. */
  readonly goesOn: boolean;
  /** Seconds of media to analyse, and about how many frames; null where nothing says it, or nothing is to be done. */
  readonly seconds: number | null;
  readonly frames: number | null;
}

/** What {@link planInputs} needs to know. */
export interface PlanOptions extends ResultOptions {
  readonly out: string;
  readonly config: DeadpanConfig;
  readonly ffmpeg: Ffmpeg;
  readonly models: readonly ModelFacts[];
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/** Files that are looked at side by side. */
const AT_A_TIME = 4;

/** What there is to do, and what is left alone because its folder holds the results of another file. */
export interface Plan {
  readonly plan: readonly PlannedInput[];
  readonly refused: readonly { readonly input: string; readonly error: DeadpanError }[];
}

/** Looks at every input: what is done, what is not, and how long that is. Stops early when `signal` aborts. */
export async function planInputs(inputs: readonly ExpandedInput[], options: PlanOptions): Promise<Plan> {
  const planned = new Map<ExpandedInput, PlannedInput | DeadpanError>();
  const queue = [...inputs];
  async function look(): Promise<void> {
    for (let input = queue.shift(); input !== undefined && !options.signal.aborted; input = queue.shift()) {
      planned.set(input, await planInput(input, options));
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, look));
  const plan: PlannedInput[] = [];
  const refused: { input: string; error: DeadpanError }[] = [];
  for (const input of inputs) {
    const result = planned.get(input);
    if (result instanceof DeadpanError) refused.push({ input: input.path, error: result });
    else if (result !== undefined) plan.push(result);
  }
  return { plan, refused };
}

async function planInput(input: ExpandedInput, options: PlanOptions): Promise<PlannedInput | DeadpanError> {
  const { out, config, models, ffmpeg, force } = options;
  const target = join(out, input.output);
  const now = await madeFrom(input.path, out, config, options, models).catch(() => null);
  const found = await resultsAt(input, now, options);
  if (found instanceof DeadpanError) return found;
  const { done, again } = found;
  if (done !== null) {
    return { ...input, madeFrom: now, done, again, goesOn: false, seconds: null, frames: null };
  }
  const goesOn = !force && (await hasCheckpoint(hiddenFolder(target)));
  const length = now === null ? null : await fileLength(ffmpeg, input.path);
  return { ...input, madeFrom: now, done: null, again, goesOn, ...toAnalyse(length, options) };
}

/**
 * The record of results that are as they should be, or why those that are there do not do; E_OUTPUT where they are
 * those of another file.
 */
export async function resultsAt(
  { path, output }: ExpandedInput,
  now: MadeFrom | null,
  { out, force }: Pick<PlanOptions, 'out' | 'force'>,
): Promise<Pick<PlannedInput, 'done' | 'again'> | DeadpanError> {
  const target = join(out, output);
  const record = await readFolderRecord(target);
  if (record === null || !(await isThere(join(target, SEAL)))) return { done: null, again: null };
  const before = record.madeFrom?.input;
  if (before?.path !== undefined && now !== null && !force && !(await isSameFile(before, now.input, out))) {
    return new DeadpanError(
      'E_OUTPUT',
      `${target} holds the results of ${join(out, before.path)}, so ${path} was not analysed into it.`,
      {
        advice:
          'Name another output folder, or both files in one command: each gets a folder of its own. ' +
          '--force puts new results in place of those.',
      },
    );
  }
  const again = whyAgain(record, now, force);
  return { done: again === null ? record : null, again };
}

/** The record of an input that was not planned, or not done; null where it is of another file, model or option. */
export async function currentRecord(
  out: string,
  output: string,
  now: MadeFrom | null,
): Promise<FolderRecord | null> {
  const target = join(out, output);
  const record = await readFolderRecord(target);
  if (record === null) return null;
  const before = record.madeFrom;
  const isCurrent =
    before === null || now === null
      ? before === now
      : difference(before, now) === null && (await isSameFile(before.input, now.input, out));
  const isWhole = record.state === 'failed' || (await isThere(join(target, SEAL)));
  return isCurrent && isWhole ? record : null;
}

function whyAgain(record: FolderRecord, now: MadeFrom | null, force: boolean): string | null {
  if (force) return '--force';
  if (now === null || record.madeFrom === null) return 'the file cannot be looked at';
  // What is wrong with a file is so as long as it stays the same.
  const known = record.state === 'done' || record.code?.startsWith('E_INPUT_') === true;
  return difference(record.madeFrom, now) ?? (known ? null : 'it failed before');
}

function toAnalyse(
  length: FileLength | null,
  { config, start, end }: PlanOptions,
): Pick<PlannedInput, 'seconds' | 'frames'> {
  if (length === null) return { seconds: null, frames: null };
  if (length.kind === 'image') return { seconds: null, frames: 1 };
  const { durationUs, nominalFps } = length;
  if (durationUs === null) return { seconds: null, frames: null };
  const seconds = Math.max(0, Math.min(durationUs / 1e6, end ?? Infinity) - (start ?? 0));
  const fps = Math.min(nominalFps ?? Infinity, config.ingest.fps ?? Infinity);
  return { seconds, frames: Number.isFinite(fps) ? seconds * fps : null };
}

/** The plan in sentences: what there is to do, what is done, what is done again and why. */
export function planSentences(plan: readonly PlannedInput[]): readonly string[] {
  const open = plan.filter(({ done }) => done === null);
  const seconds = open.reduce((sum, input) => sum + (input.seconds ?? 0), 0);
  const videos = open.filter((input) => input.seconds !== null).length;
  const images = open.filter((input) => input.seconds === null && input.frames === 1).length;
  const parts = [
    ...(videos === 0 ? [] : [`${count(videos, 'video')} (${clockTime(seconds)})`]),
    ...(images === 0 ? [] : [count(images, 'image')]),
    ...(open.length === videos + images
      ? []
      : [`${count(open.length - videos - images, 'file')} of unknown length`]),
  ];
  const done = plan.length - open.length;
  const damaged = plan.filter(({ done: record }) => record?.state === 'failed').length;
  const again = new Map<string, number>();
  for (const { again: why } of open) if (why !== null) again.set(why, (again.get(why) ?? 0) + 1);
  const goOn = open.filter(({ goesOn }) => goesOn).length;
  return [
    `${count(plan.length, 'input')}: ${parts.length === 0 ? 'nothing' : parts.join(', ')} to analyse` +
      `${done === 0 ? '' : `, ${done} done before`}.`,
    ...[...again].map(([why, number]) => `${count(number, 'input')} again, because ${why}.`),
    ...(damaged === 0 ? [] : [`${count(damaged, 'input')} failed before and would again; --force tries.`]),
    ...(goOn === 0 ? [] : [`${count(goOn, 'input')} from where it was interrupted.`]),
  ];
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}
