import type { CameraStatus } from '../contracts/index.js';
import { statusMessage, fromStatusMessage, toStatusMessage } from '../messages/index.js';
import { readJson, writeJson } from './json-value.js';
import type { RecordCodec } from './record-codec.js';

const TYPE = 'deadpan.status.v1';

/** The public JSON of a camera's status, the same as the feed's `status` message. The topic keeps the newest of each camera. */
export const statusCodec: RecordCodec<CameraStatus> = {
  type: TYPE,
  contentType: 'application/json',
  encode: (status) => writeJson(toStatusMessage(status)),
  decode: (bytes) => fromStatusMessage(readJson(TYPE, statusMessage, bytes)),
  id: (status) => `${status.camera}/${status.timeUs}`,
  key: (status) => status.camera,
};
