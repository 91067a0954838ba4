import { fork, type Envelope, type Face, type Frame, type StreamStage } from '@deadpan/shared';
import { concatMap, groupBy, mergeMap } from 'rxjs';

/** Finds, follows and aligns the faces of one frame; frames of one camera come one at a time and in order. */
export type AlignFrame = (frame: Frame) => Promise<readonly Face[]>;

/**
 * The stream stage around {@link AlignFrame}: cameras side by side, each camera's frames one after the other. A frame
 * is acked when all its faces are; one that cannot be worked on is put aside, and the next goes on.
 */
export function createAlignStage(alignFrame: AlignFrame): StreamStage<Frame, Face> {
  return function align(frames, context) {
    async function facesOf(record: Envelope<Frame>): Promise<readonly Envelope<Face>[]> {
      const started = performance.now();
      try {
        const faces = await alignFrame(record.value);
        context.worked((performance.now() - started) / 1000);
        return fork(record, faces);
      } catch (error) {
        context.deadLetter(record, 'failed', error instanceof Error ? error : new Error(String(error)));
        return [];
      }
    }
    return frames.pipe(
      groupBy((record) => record.key),
      mergeMap((camera) => camera.pipe(concatMap(facesOf))),
      mergeMap((faces) => faces),
    );
  };
}
