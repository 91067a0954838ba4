import { emotionId, type Emotion } from '../contracts/index.js';
import { emotionMessage, fromEmotionMessage, toEmotionMessage } from '../messages/index.js';
import { readJson, writeJson } from './json-value.js';
import type { RecordCodec } from './record-codec.js';

const TYPE = 'deadpan.emotion.v1';

/** The public JSON of a window, the same as the feed's `emotion` message. Its key is its id, so that a repeat overwrites. */
export const emotionCodec: RecordCodec<Emotion> = {
  type: TYPE,
  contentType: 'application/json',
  encode: (emotion) => writeJson(toEmotionMessage(emotion)),
  decode: (bytes) => fromEmotionMessage(readJson(TYPE, emotionMessage, bytes)),
  id: emotionId,
  key: emotionId,
};
