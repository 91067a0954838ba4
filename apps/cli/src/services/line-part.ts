import {
  createMemoryLink,
  fork,
  runMapStage,
  runStreamStage,
  type DeadLetterSink,
  type Emotion,
  type Expression,
  type Face,
  type FacePair,
  type Frame,
  type MapRunOptions,
  type Receiver,
  type Sender,
  type StageObserver,
} from '@deadpan/shared';

import type { Stages } from '../pipeline/embedded.js';
import type { ServiceName } from './service-names.js';

/** Where a part of the line begins: one of them. */
export interface LineInput {
  readonly frames?: Receiver<Frame> | undefined;
  readonly faces?: Receiver<Face> | undefined;
  readonly pairs?: Receiver<FacePair> | undefined;
}

/** Where a part of the line ends: those after its last stage. */
export interface LineOutput {
  readonly frames?: Sender<Frame> | undefined;
  readonly faces?: Sender<Face> | undefined;
  readonly pairs?: Sender<FacePair> | undefined;
  readonly expressions?: Sender<Expression> | undefined;
  readonly emotions?: Sender<Emotion> | undefined;
}

/** How a part of the line is run. */
export interface LinePartOptions {
  /** Neighbours; those that are not among the line's stages do nothing here. */
  readonly names: readonly ServiceName[];
  readonly stages: Stages;
  readonly from: LineInput;
  readonly to: LineOutput;
  readonly batch: MapRunOptions;
  readonly deadLetters: DeadLetterSink;
  readonly observer: StageObserver;
}

/** Records that may wait between two stages of this process. */
const BETWEEN_STAGES = 64;

/**
 * Runs neighbouring stages until their input ends, and ends their outputs: what is neither input nor output is a memory
 * link. `classify` gives every expression twice: to its topic, and to the windows.
 */
export async function runLinePart(options: LinePartOptions): Promise<void> {
  const { names, stages, from, to, batch, deadLetters, observer } = options;
  const frames = edge('frames', from.frames, to.frames);
  const faces = edge('faces', from.faces, to.faces);
  const pairs = edge('pairs', from.pairs, to.pairs);
  const classified = edge<Expression>('classified');
  const windowed = edge<Expression>('windowed');
  const expressions = edge('expressions', undefined, to.expressions);
  const emotions = edge('emotions', undefined, to.emotions);
  const common = { deadLetters, observer };

  const running: Promise<void>[] = [];
  if (names.includes('align'))
    running.push(runStreamStage(stages.align, { from: frames.receiver, to: faces.sender, ...common }));
  if (names.includes('normalize'))
    running.push(runMapStage(stages.normalize, { from: faces.receiver, to: pairs.sender, ...common }, batch));
  if (names.includes('classify')) {
    running.push(
      runMapStage(stages.classify, { from: pairs.receiver, to: classified.sender, ...common }, batch),
      giveTwice(classified.receiver, expressions.sender, windowed.sender),
      runStreamStage(stages.window, { from: windowed.receiver, to: emotions.sender, ...common }),
    );
  }
  await Promise.all(running);
}

interface Edge<T> {
  readonly sender: Sender<T>;
  readonly receiver: Receiver<T>;
}

/** Both ends between two stages; an end that is given takes the place of the memory link's. */
function edge<T>(name: string, from?: Receiver<T>, to?: Sender<T>): Edge<T> {
  const link = createMemoryLink<T>({ name, capacity: BETWEEN_STAGES, whenFull: 'block' });
  return { sender: to ?? link.sender, receiver: from ?? link.receiver };
}

async function giveTwice<T>(from: Receiver<T>, first: Sender<T>, second: Sender<T>): Promise<void> {
  for await (const record of from) {
    const [one, other] = fork(record, [record.value, record.value]);
    if (one !== undefined) await first.send(one);
    if (other !== undefined) await second.send(other);
  }
  await first.end();
  await second.end();
}
