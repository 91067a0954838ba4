import {
  CLASSES,
  dominantClass,
  type CameraStatus,
  type Emotion,
  type Expression,
} from '../contracts/index.js';
import { apportioned } from './apportionment.js';
import type { EmotionMessage, ExpressionMessage, StatusMessage } from './public-messages.js';

/** Rounds to a number of decimals, as the public messages and tables do. */
export function rounded(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor;
}

const isoOf = (timeUs: number): string => new Date(Math.floor(timeUs / 1000)).toISOString();
const secondsOf = (timeUs: number): number => rounded(timeUs / 1e6, 6);

function byClass(probabilities: readonly number[]): EmotionMessage['probabilities'] {
  const shares = apportioned(probabilities);
  const entries = CLASSES.map((name, k) => [name, shares[k] ?? 0] as const);
  return Object.fromEntries(entries) as EmotionMessage['probabilities'];
}

/** The public form of a window. */
export function toEmotionMessage(emotion: Emotion): EmotionMessage {
  return {
    type: 'emotion',
    at: isoOf(emotion.endUs),
    camera: emotion.camera,
    epoch: emotion.epoch,
    track: emotion.track,
    start: secondsOf(emotion.startUs),
    end: secondsOf(emotion.endUs),
    first: secondsOf(emotion.firstUs),
    last: secondsOf(emotion.lastUs),
    frames: emotion.frames,
    missed: emotion.missed,
    expression: emotion.expression,
    probabilities: byClass(emotion.probabilities),
    intensity: rounded(emotion.intensity, 4),
    model: emotion.model,
  };
}

/** The public form of a face in a frame. */
export function toExpressionMessage(expression: Expression): ExpressionMessage {
  const { face } = expression;
  const frame = {
    type: 'expression' as const,
    at: isoOf(expression.timeUs),
    camera: expression.camera,
    epoch: expression.epoch,
    sequence: expression.sequence,
    time: secondsOf(expression.timeUs),
    width: expression.width,
    height: expression.height,
    faces: expression.faces,
  };
  if (face === null) return frame;
  const { box, pose } = face;
  return {
    ...frame,
    track: face.track,
    box: {
      x: rounded(box.x, 1),
      y: rounded(box.y, 1),
      width: rounded(box.width, 1),
      height: rounded(box.height, 1),
    },
    landmarks: Array.from(face.landmarks, (value) => rounded(value, 1)),
    detection: rounded(face.detection, 4),
    pose: { yaw: rounded(pose.yaw, 1), pitch: rounded(pose.pitch, 1), roll: rounded(pose.roll, 1) },
    quality: rounded(face.quality, 4),
    expression: dominantClass(face.probabilities),
    probabilities: byClass(face.probabilities),
    intensity: rounded(face.intensity, 4),
    model: face.model,
  };
}

/** The public form of a camera's status. */
export function toStatusMessage(status: CameraStatus): StatusMessage {
  return {
    type: 'status',
    at: isoOf(status.timeUs),
    camera: status.camera,
    epoch: status.epoch,
    state: status.state,
    fps: {
      in: rounded(status.fpsIn, 2),
      analysed: rounded(status.fpsAnalysed, 2),
      dropped: rounded(status.fpsDropped, 2),
    },
    latencyMs: status.latencyMs === null ? null : rounded(status.latencyMs, 1),
    stalls: status.stalls,
    reconnects: status.reconnects,
    lastError: status.lastError,
  };
}
