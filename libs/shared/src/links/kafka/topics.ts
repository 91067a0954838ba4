/** How a topic is kept and how large its messages may be. */
export interface TopicLayout {
  readonly name: string;
  /** What it carries, in words. */
  readonly about: string;
  /** How long records are kept, in milliseconds; null: only the newest of each key, for ever. */
  readonly retentionMs: number | null;
  /** Keep the newest record of each key, whatever its age within the retention. */
  readonly compacted: boolean;
  readonly maxMessageBytes: number;
  /** Whether other programs may rely on its content. */
  readonly public: boolean;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIB = 1024 * 1024;

const layout = (
  name: string,
  about: string,
  rest: Omit<TopicLayout, 'name' | 'about' | 'compacted' | 'public' | 'maxMessageBytes'> &
    Partial<TopicLayout>,
): TopicLayout => ({ name, about, compacted: false, public: false, maxMessageBytes: MIB, ...rest });

/** Every topic that Deadpan reads or writes. What carries pixels is kept for minutes. */
export const TOPICS = {
  frames: layout('deadpan.frames.v1', 'frames as JPEG', {
    retentionMs: 10 * MINUTE,
    maxMessageBytes: 4 * MIB,
  }),
  faces: layout('deadpan.faces.v1', 'aligned faces', { retentionMs: 10 * MINUTE }),
  pairs: layout('deadpan.pairs.v1', 'faces with their neutral references', { retentionMs: 10 * MINUTE }),
  expressions: layout('deadpan.expressions.v1', 'classified faces', { retentionMs: 6 * HOUR, public: true }),
  emotions: layout('deadpan.emotions.v1', 'windows of tracks', {
    retentionMs: 7 * DAY,
    compacted: true,
    public: true,
  }),
  status: layout('deadpan.status.v1', 'the state of each camera', {
    retentionMs: null,
    compacted: true,
    public: true,
  }),
  cameras: layout('deadpan.cameras.v1', 'the cameras to read', { retentionMs: null, compacted: true }),
  deadLetter: layout('deadpan.dead-letter.v1', 'messages that were put aside', {
    retentionMs: 7 * DAY,
    // A message that is too large for its topic's readers must find room here, whole.
    maxMessageBytes: 32 * MIB,
  }),
} as const satisfies Record<string, TopicLayout>;

/** The name of one of the topics. */
export type TopicName = (typeof TOPICS)[keyof typeof TOPICS]['name'];

/** A topic's settings in Kafka's words. */
export function topicSettings(topic: TopicLayout, replication: number): Record<string, string> {
  // Only closed segments are deleted or compacted: a segment lasts a fraction of the retention.
  const segmentMs =
    topic.retentionMs === null ? HOUR : Math.max(MINUTE, Math.min(HOUR, topic.retentionMs / 5));
  return {
    'cleanup.policy': topic.compacted
      ? topic.retentionMs === null
        ? 'compact'
        : 'compact,delete'
      : 'delete',
    'retention.ms': String(topic.retentionMs ?? -1),
    'segment.ms': String(segmentMs),
    'max.message.bytes': String(topic.maxMessageBytes),
    // Files carry times since the start of their media: by these, retention would remove them at once.
    'message.timestamp.type': 'LogAppendTime',
    'min.insync.replicas': String(replication >= 3 ? 2 : 1),
  };
}
