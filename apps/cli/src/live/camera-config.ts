import { cameraAddress } from '@deadpan/ingest/camera-address';
import { sentenceOf } from '@deadpan/shared';
import { z } from 'zod';

/** One camera. */
export const cameraConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u, 'a name has up to 64 letters, digits, spaces or . _ -')
    .describe('Name of the camera: unique.'),
  address: z
    .string()
    .min(1)
    .superRefine((text, context) => {
      try {
        cameraAddress(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: sentenceOf(error).replace(/\.? \(E_USAGE\)$/, '') });
      }
    })
    .describe(
      'rtsp://, rtsps://, http(s):// with MJPEG, a file or /dev/videoN. Keep passwords outside: ${NAME}.',
    )
    .meta({ secret: true }),
  fps: z
    .number()
    .positive()
    .max(120)
    .nullable()
    .default(5)
    .describe('Analysed frames a second; null: all.')
    .meta({ unit: 'frames/s' }),
  paused: z.boolean().default(false).describe('Whether the camera waits until an operator resumes it.'),
});

/** The cameras of `deadpan live` and `deadpan service ingest`: read at the start, and by `live` again at SIGHUP. */
export const camerasConfig = z
  .array(cameraConfig)
  .refine(
    (cameras) => new Set(cameras.map(({ name }) => name)).size === cameras.length,
    'two cameras have the same name',
  )
  .default([])
  .describe('The cameras of `deadpan live` and `deadpan service ingest`.');

/** One camera of the configuration. */
export type CameraSpec = z.output<typeof cameraConfig>;
