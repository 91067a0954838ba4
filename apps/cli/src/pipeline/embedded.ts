import {
  createMemoryLink,
  runMapStage,
  runStreamStage,
  type DeadLetterSink,
  type Emotion,
  type Expression,
  type Face,
  type FacePair,
  type Frame,
  type MapRunOptions,
  type MapStage,
  type MemoryLink,
  type Receiver,
  type StageObserver,
  type StreamStage,
} from '@deadpan/shared';

/** The stages of the line, however they were made. */
export interface Stages {
  readonly align: StreamStage<Frame, Face>;
  readonly normalize: MapStage<Face, FacePair>;
  readonly classify: MapStage<FacePair, Expression>;
  readonly window: StreamStage<Expression, Emotion>;
}

/** What is done with the results on their way; each is awaited before the next record. */
export interface ResultHandlers {
  readonly onPair?: (pair: FacePair) => void;
  readonly onExpression?: (expression: Expression) => Promise<void>;
  readonly onEmotion?: (emotion: Emotion) => Promise<void>;
}

/** How an embedded line is run. */
export interface EmbeddedOptions extends ResultHandlers {
  /** Where frames come from; it bounds how many may be under way. */
  readonly frames: Receiver<Frame>;
  readonly stages: Stages;
  readonly batch: MapRunOptions;
  readonly deadLetters: DeadLetterSink;
  readonly observer: StageObserver;
  /** Told of each queue between the stages: which stage reads it, and how to look at its length. */
  readonly onQueue?: (stage: string, waiting: () => number) => void;
}

/** Records that may wait between two stages. Frames are what costs memory, and their link is bounded by its owner. */
const BETWEEN_STAGES = 256;

/**
 * Runs the whole line in this process, over memory links, until its frames end and every result is handled.
 * Rejects with the first failure of a stage or handler.
 */
export async function runEmbedded(options: EmbeddedOptions): Promise<void> {
  const { frames, stages, batch, deadLetters, observer, onPair, onExpression, onEmotion } = options;
  const link = <T>(name: string) =>
    createMemoryLink<T>({ name, capacity: BETWEEN_STAGES, whenFull: 'block' });
  const faces = link<Face>('faces');
  const pairs = link<FacePair>('pairs');
  const seenPairs = link<FacePair>('seen-pairs');
  const expressions = link<Expression>('expressions');
  const handledExpressions = link<Expression>('handled-expressions');
  const emotions = link<Emotion>('emotions');
  const common = { deadLetters, observer };
  for (const [stage, queue] of [
    [stages.normalize, faces],
    [stages.classify, pairs],
    [stages.classify, seenPairs],
    [stages.window, expressions],
    [stages.window, handledExpressions],
  ] as const) {
    options.onQueue?.(stage.name, () => queue.waiting);
  }

  await Promise.all([
    runStreamStage(stages.align, { from: frames, to: faces.sender, ...common }),
    runMapStage(stages.normalize, { from: faces.receiver, to: pairs.sender, ...common }, batch),
    passOn(pairs, seenPairs, onPair),
    runMapStage(stages.classify, { from: seenPairs.receiver, to: expressions.sender, ...common }, batch),
    passOn(expressions, handledExpressions, onExpression),
    runStreamStage(stages.window, { from: handledExpressions.receiver, to: emotions.sender, ...common }),
    consume(emotions.receiver, onEmotion),
  ]);
}

/** Shows each record to a handler and hands it on. */
async function passOn<T>(
  from: MemoryLink<T>,
  to: MemoryLink<T>,
  handle?: (value: T) => Promise<void> | void,
): Promise<void> {
  for await (const record of from.receiver) {
    await handle?.(record.value);
    await to.sender.send(record);
  }
  await to.sender.end();
}

async function consume<T>(from: Receiver<T>, handle?: (value: T) => Promise<void>): Promise<void> {
  for await (const record of from) {
    await handle?.(record.value);
    record.ack();
  }
}
