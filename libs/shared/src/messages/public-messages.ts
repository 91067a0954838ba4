import { z } from 'zod';

import { CAMERA_STATES, CLASSES } from '../contracts/index.js';

/*
 * The messages that other programs rely on: values of the public topics and messages of the feed, the same in both.
 * Within v1 a field is never renamed, retyped or removed.
 */

const at = z.iso.datetime({ precision: 3 }).describe('ISO 8601 UTC, to the millisecond.');
const camera = z.string().min(1).describe("The camera's name.");
const epoch = z.int().nonnegative().describe('Rises by one at each reconnect of the camera; 0 for files.');
const track = z
  .string()
  .min(1)
  .describe('The same person followed without a break within one camera and session.');
const seconds = (what: string): z.ZodNumber =>
  z.number().describe(`${what}, in seconds: of the media for files, since 1970 UTC for live sources.`);
const fraction = (what: string): z.ZodNumber => z.number().min(0).max(1).describe(what);
const probabilities = z
  .record(z.enum(CLASSES), z.number().min(0).max(1))
  .describe('Probability of each class, to four decimals.');
const expression = z.enum(CLASSES).describe('The class with the greatest probability.');
const intensity = fraction("Distance to the face's own neutral reference: 0 as neutral, 1 far from it.");
const model = z.string().describe('Name and version of the model.');

/** One sliding window of one track. */
export const emotionMessage = z
  .object({
    type: z.literal('emotion'),
    at: at.describe('End of the window, ISO 8601 UTC.'),
    camera,
    epoch,
    track,
    start: seconds('Begin of the window (inclusive)'),
    end: seconds('End of the window (exclusive)'),
    first: seconds('Time of the first frame seen'),
    last: seconds('Time of the last frame seen'),
    frames: z.int().positive().describe('Frames in which the track was seen.'),
    missed: z
      .int()
      .nonnegative()
      .describe(
        'Analysed frames of the window in which the track was not seen, from its first sight to the last one known when the window closes.',
      ),
    expression,
    probabilities,
    intensity,
    model,
  })
  .meta({ title: 'Emotion', description: 'One sliding window of one track.' });

const box = z
  .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
  .describe('Pixels of the upright frame.');

/** One face in a frame; a frame without one gives one message without `track` and what belongs to a face. */
export const expressionMessage = z
  .object({
    type: z.literal('expression'),
    at: at.describe('Capture time of the frame, ISO 8601 UTC.'),
    camera,
    epoch,
    sequence: z.int().nonnegative().describe('Number of the analysed frame within its epoch.'),
    time: seconds('Capture time'),
    width: z.int().positive().describe('Width of the upright frame in pixels.'),
    height: z.int().positive().describe('Height of the upright frame in pixels.'),
    faces: z.int().nonnegative().describe('Faces in this frame.'),
    track: track.optional(),
    box: box.optional(),
    landmarks: z
      .array(z.number())
      .length(136)
      .optional()
      .describe('68 points as x0, y0, x1, ... (iBUG order).'),
    detection: fraction("The detector's confidence.").optional(),
    pose: z.object({ yaw: z.number(), pitch: z.number(), roll: z.number() }).optional().describe('Degrees.'),
    quality: fraction('0 useless, 1 frontal, large and sharp.').optional(),
    expression: expression.optional(),
    probabilities: probabilities.optional(),
    intensity: intensity.optional(),
    model: model.optional(),
  })
  .meta({ title: 'Expression', description: 'One face in one analysed frame.' });

const rate = (what: string): z.ZodNumber => z.number().nonnegative().describe(`Frames a second ${what}.`);

/** How a camera is. */
export const statusMessage = z
  .object({
    type: z.literal('status'),
    at,
    camera,
    epoch,
    state: z.enum(CAMERA_STATES),
    fps: z.object({
      in: rate('that arrive'),
      analysed: rate('that are analysed'),
      dropped: rate('that are dropped'),
    }),
    latencyMs: z
      .number()
      .nonnegative()
      .nullable()
      .describe(
        'From capture to result, median of the last seconds, which the feed knows: in the topic it is always null.',
      ),
    stalls: z.int().nonnegative().describe('Stalls within the last hour.'),
    reconnects: z.int().nonnegative().describe('Reconnects within the last hour.'),
    lastError: z.string().nullable().describe('The last error in full, without credentials.'),
  })
  .meta({ title: 'CameraStatus', description: 'How a camera is.' });

export type EmotionMessage = z.infer<typeof emotionMessage>;
export type ExpressionMessage = z.infer<typeof expressionMessage>;
export type StatusMessage = z.infer<typeof statusMessage>;
