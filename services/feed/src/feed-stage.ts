import {
  DeadpanError,
  type CameraStatus,
  type Emotion,
  type Envelope,
  type Expression,
  type Receiver,
  type StageObserver,
} from '@deadpan/shared';

/** Where the feed's records go. */
export interface FeedSink {
  publishEmotion(emotion: Emotion): Promise<void>;
  publishExpression(expression: Expression): Promise<void>;
  publishStatus(status: CameraStatus): Promise<void>;
}

/** Where the feed's records come from; what is left out is not read. */
export interface FeedSources {
  readonly emotions?: Receiver<Emotion>;
  readonly expressions?: Receiver<Expression>;
  readonly statuses?: Receiver<CameraStatus>;
}

/**
 * The last stage of the line: publishes what comes and acks each record once it is kept and handed to the clients.
 * A window that cannot be kept (E_HISTORY) was still sent; it is counted as dropped, so that a full disk stops nobody.
 * Resolves when every source has ended.
 */
export async function runFeedStage(
  sink: FeedSink,
  sources: FeedSources,
  observer: StageObserver,
): Promise<void> {
  const stage = 'feed';
  async function consume<T>(
    from: Receiver<T> | undefined,
    publish: (value: T) => Promise<void>,
  ): Promise<void> {
    const open = new Set<Promise<void>>();
    for await (const record of from ?? []) {
      observer.received(stage, record.key);
      const settled = settle(record, publish).finally(() => open.delete(settled));
      open.add(settled);
    }
    await Promise.all(open);
  }
  async function settle<T>(record: Envelope<T>, publish: (value: T) => Promise<void>): Promise<void> {
    const started = performance.now();
    try {
      await publish(record.value);
    } catch (error) {
      if (!(error instanceof DeadpanError)) throw error;
      observer.dropped(stage, record.key, 'not-kept');
    }
    observer.worked(stage, (performance.now() - started) / 1000, 1);
    record.ack();
  }
  await Promise.all([
    consume(sources.emotions, (emotion) => sink.publishEmotion(emotion)),
    consume(sources.expressions, (expression) => sink.publishExpression(expression)),
    consume(sources.statuses, (status) => sink.publishStatus(status)),
  ]);
}
