import {
  CLASSES,
  type CameraStatus,
  type Emotion,
  type Expression,
  type ExpressiveFace,
} from '../contracts/index.js';
import { DeadpanError } from '../errors/index.js';
import type { EmotionMessage, ExpressionMessage, StatusMessage } from './public-messages.js';

/*
 * Records as their public messages tell of them: the numbers are rounded as the messages are, and a message that is
 * made of such a record is the same again.
 */

const microsecondsOf = (seconds: number): number => Math.round(seconds * 1e6);

const inOrder = (probabilities: EmotionMessage['probabilities']): number[] =>
  CLASSES.map((name) => probabilities[name]);

/** The window that a message tells of. */
export function fromEmotionMessage(message: EmotionMessage): Emotion {
  const { camera, epoch, track, frames, missed, expression, intensity, model } = message;
  return {
    ...{ camera, epoch, track, frames, missed, expression, intensity, model },
    startUs: microsecondsOf(message.start),
    endUs: microsecondsOf(message.end),
    firstUs: microsecondsOf(message.first),
    lastUs: microsecondsOf(message.last),
    probabilities: inOrder(message.probabilities),
  };
}

/**
 * The face in a frame that a message tells of.
 * @throws DeadpanError E_RECORD_INVALID where it tells of half a face
 */
export function fromExpressionMessage(message: ExpressionMessage): Expression {
  const { camera, epoch, sequence, width, height, faces } = message;
  const timeUs = microsecondsOf(message.time);
  return { ...{ camera, epoch, sequence, timeUs, width, height, faces }, face: faceOf(message) };
}

function faceOf(message: ExpressionMessage): ExpressiveFace | null {
  const { track, box, detection, landmarks, pose, quality, probabilities, intensity, model } = message;
  if (track === undefined) return null;
  if (
    box === undefined ||
    detection === undefined ||
    landmarks === undefined ||
    pose === undefined ||
    quality === undefined ||
    probabilities === undefined ||
    intensity === undefined ||
    model === undefined
  ) {
    throw new DeadpanError(
      'E_RECORD_INVALID',
      'The expression has a track, but not all that belongs to a face.',
    );
  }
  return {
    ...{ track, box, detection, pose, quality, intensity, model },
    landmarks: Float32Array.from(landmarks),
    probabilities: inOrder(probabilities),
  };
}

/** The status that a message tells of. */
export function fromStatusMessage(message: StatusMessage): CameraStatus {
  const { camera, epoch, state, latencyMs, stalls, reconnects, lastError } = message;
  return {
    ...{ camera, epoch, state, latencyMs, stalls, reconnects, lastError },
    timeUs: Date.parse(message.at) * 1000,
    fpsIn: message.fps.in,
    fpsAnalysed: message.fps.analysed,
    fpsDropped: message.fps.dropped,
  };
}
