import { randomBytes } from 'node:crypto';

import { createAlign, createAlignStage } from '@deadpan/align';
import { createWindowStage } from '@deadpan/classify';
import { createInferencePool, type InferencePool } from '@deadpan/nets';
import {
  emotionCodec,
  expressionCodec,
  faceCodec,
  facePairCodec,
  type Frame,
  type Receiver,
  type Sender,
  type StageObserver,
} from '@deadpan/shared';
import { runPerPartition, TOPICS, type DeadLetters, type KafkaReceiver } from '@deadpan/shared/kafka';

import type { DeadpanConfig } from '../config.js';
import type { Stages } from '../pipeline/embedded.js';
import { createStageSet } from '../pipeline/stages.js';
import type { FrameFeed } from './frame-feed.js';
import { createFrameLinkCodec } from './frame-link-codec.js';
import { guarded, unended } from './guarded-output.js';
import type { KafkaEnds } from './kafka-ends.js';
import { runLinePart, type LineInput, type LineOutput } from './line-part.js';
import { releasing } from './releasing.js';
import { risingFrames } from './rising-frames.js';
import type { ServiceName } from './service-names.js';

/** What {@link runLineService} needs. */
export interface LineServiceOptions {
  /** Neighbours of the line; `feed` does nothing here. */
  readonly names: readonly ServiceName[];
  readonly config: DeadpanConfig;
  readonly ends: KafkaEnds;
  readonly deadLetters: DeadLetters;
  readonly observer: StageObserver;
  /** The run has an end. */
  readonly bounded: boolean;
  /** Begins to read the cameras; called where `ingest` is among the names. */
  readonly openFrames: () => Promise<FrameFeed>;
  /** Ends the service: what is under way is finished and committed. */
  readonly signal: AbortSignal;
  readonly onReady: () => void;
}

/** Decoded frames of one partition that wait for the tracker: each is some megabytes. */
const FRAMES_IN_FLIGHT = 8;
/** Who reads what: the groups of the services. */
const GROUPS = { align: 'deadpan.align', normalize: 'deadpan.normalize', classify: 'deadpan.classify' };
/** How long records under way are waited for at the end, and then the broker, in milliseconds. */
const GRACE_MS = 5000;

/** Runs stages of the line between Kafka links until their input ends. Resolves with how many cameras failed. */
export async function runLineService(options: LineServiceOptions): Promise<number> {
  const { names, config, ends, signal } = options;
  const { device, workers } = config.inference;
  const works = names.some((name) => name !== 'ingest' && name !== 'feed');
  const pool = works ? createInferencePool({ device, ...(workers === 0 ? {} : { workers }) }) : undefined;
  let overdue: NodeJS.Timeout | undefined;
  const limitTheEnd = (): void => {
    // A broker that is away at the end must not keep the process: what waits is read again from its source.
    overdue = setTimeout(ends.abandonSenders, 2 * GRACE_MS);
  };
  signal.addEventListener('abort', limitTheEnd);
  try {
    const run = await createRun(options, pool);
    if (signal.aborted) return 0;
    const failed = names.includes('ingest') ? await fromCameras(options, run) : await fromKafka(options, run);
    await ends.endSenders(signal.aborted);
    return failed;
  } finally {
    // The process aborts its signal once more when all has ended: a timer set then would keep it alive.
    signal.removeEventListener('abort', limitTheEnd);
    clearTimeout(overdue);
    ends.abandonSenders();
    // Or their connections keep the process for another minute. What made one fail is said already.
    await ends.endSenders(true).catch(() => undefined);
    await ends.closeReceivers();
    await pool?.close();
  }
}

type Run = (from: LineInput, to: LineOutput) => Promise<void>;

/** How the line's part is run, each time with stages that have a memory of their own. */
async function createRun(options: LineServiceOptions, pool: InferencePool | undefined): Promise<Run> {
  const { names, config, observer, deadLetters, bounded } = options;
  // Nothing but ingest: its frames go to Kafka as they are.
  if (pool === undefined) return ({ frames }, to) => pass(frames, to.frames);
  const stageSet = await createStageSet(pool, config, names);
  await stageSet.loaded;
  const { batchSize, batchDelay, liveBatchDelay } = config.inference;

  function makeStages(inference: InferencePool): Stages {
    const stages = stageSet.forInput();
    if (bounded) return stages;
    // Tracks are counted from 1 wherever following begins: two beginnings must not name two people the same.
    const trackPrefix = `${randomBytes(3).toString('hex')}-`;
    const align = createAlign({ pool: inference, config: config.align, trackPrefix });
    const window = createWindowStage(config.window, { silenceMs: config.window.silence * 1000 });
    return { ...stages, align: createAlignStage(align), window };
  }

  return (from, to) =>
    runLinePart({
      ...{ names, from, to, observer, stages: makeStages(pool) },
      batch: { size: batchSize, maxDelayMs: bounded ? batchDelay : liveBatchDelay, concurrency: 2 },
      deadLetters: deadLetters.sink,
    });
}

async function pass(frames: Receiver<Frame> | undefined, to: Sender<Frame> | undefined): Promise<void> {
  for await (const record of frames ?? []) await to?.send(record);
}

async function fromCameras(options: LineServiceOptions, run: Run): Promise<number> {
  const { frames, done } = await options.openFrames();
  options.onReady();
  const [failed] = await Promise.all([done, run({ frames }, guarded(outputOf(options), unended))]);
  return failed;
}

function fromKafka(options: LineServiceOptions, run: Run): Promise<number> {
  const { names, config, ends, observer, bounded } = options;
  if (names.includes('align')) {
    // A tracker remembers all it saw: a run with an end is followed again from its first frame, to give the same.
    const how = { group: GROUPS.align, replaySeconds: bounded ? Infinity : 0, inFlight: FRAMES_IN_FLIGHT };
    const receiver = ends.receiver(TOPICS.frames, createFrameLinkCodec(config.service), how);
    return received(options, receiver, (frames, to) => run({ frames: risingFrames(frames, observer) }, to));
  }
  if (names.includes('normalize')) {
    const replaySeconds = names.includes('classify') ? windowMemory(config) : 0;
    const receiver = ends.receiver(TOPICS.faces, faceCodec, { group: GROUPS.normalize, replaySeconds });
    return received(options, receiver, (faces, to) => run({ faces }, to));
  }
  const how = { group: GROUPS.classify, replaySeconds: windowMemory(config) };
  const receiver = ends.receiver(TOPICS.pairs, facePairCodec, how);
  return received(options, receiver, (pairs, to) => run({ pairs }, to));
}

/**
 * How far back expressions matter for windows, in seconds: those of an open window, and before them the first sight of a
 * track that was then lost for as long as a track may be.
 */
function windowMemory({ window, align }: DeadpanConfig): number {
  return window.size + window.grace + align.longestGap + 1;
}

async function received<T>(
  options: LineServiceOptions,
  receiver: KafkaReceiver<T>,
  run: (from: Receiver<T>, to: LineOutput) => Promise<void>,
): Promise<number> {
  const { names, signal, onReady } = options;
  const to = outputOf(options);
  const stop = (): void => void receiver.stop(GRACE_MS);
  signal.addEventListener('abort', stop);
  const remembers = names.includes('align') || names.includes('classify');
  const running = remembers
    ? runPerPartition(receiver, ({ from, guard }) => run(from, guarded(to, guard)))
    : run(receiver, guarded(to, unended));
  await Promise.all([receiver.start().then(onReady), running]);
  signal.removeEventListener('abort', stop);
  return 0;
}

/** Senders for what comes of the last stage. */
function outputOf({ names, config, ends }: LineServiceOptions): LineOutput {
  switch (names.findLast((name) => name !== 'feed')) {
    case 'align':
      return { faces: ends.senderTo(GROUPS.normalize, TOPICS.faces, faceCodec) };
    case 'normalize':
      return { pairs: ends.senderTo(GROUPS.classify, TOPICS.pairs, facePairCodec) };
    case 'classify':
      return {
        expressions: ends.sender(TOPICS.expressions, expressionCodec),
        emotions: ends.sender(TOPICS.emotions, emotionCodec),
      };
    default: {
      const codec = createFrameLinkCodec(config.service);
      return { frames: releasing(ends.senderTo(GROUPS.align, TOPICS.frames, codec)) };
    }
  }
}
