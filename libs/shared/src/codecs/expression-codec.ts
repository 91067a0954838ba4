import type { Expression } from '../contracts/index.js';
import { expressionMessage, fromExpressionMessage, toExpressionMessage } from '../messages/index.js';
import { faceId, trackKey } from './face-id.js';
import { readJson, writeJson } from './json-value.js';
import type { RecordCodec } from './record-codec.js';

const TYPE = 'deadpan.expression.v1';

/** The public JSON of an expression, the same as the feed's `expression` message. */
export const expressionCodec: RecordCodec<Expression> = {
  type: TYPE,
  contentType: 'application/json',
  encode: (expression) => writeJson(toExpressionMessage(expression)),
  decode: (bytes) => fromExpressionMessage(readJson(TYPE, expressionMessage, bytes)),
  id: faceId,
  key: trackKey,
};
