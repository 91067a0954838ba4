import {
  fork,
  envelope,
  type Emotion,
  type Envelope,
  type Expression,
  type StreamStage,
} from '@deadpan/shared';
import { debounceTime, endWith, groupBy, ignoreElements, mergeMap, NEVER, Observable, Subject } from 'rxjs';

import { createSlidingWindows } from './sliding-windows.js';
import type { WindowTimes } from './window-config.js';

/** When the windows of a live camera are closed though no newer frame closes them. */
export interface LiveWindows {
  /** A camera of which nothing came for so long is taken to be away, milliseconds. */
  readonly silenceMs: number;
  /** Cameras of which nothing more will come: their windows are closed at once. */
  readonly left?: Observable<CameraLeft>;
}

/** A camera that has left. */
export interface CameraLeft {
  readonly camera: string;
  /** Called when its last windows are taken care of. */
  readonly done: () => void;
}

/**
 * The stream stage that turns expressions into windows. An expression is acked once the windows that it closes are;
 * one that closes none at once: what it added lives in the open windows, and is rebuilt by replay after a crash.
 * The end of the stream closes what is open. With `live` so does the end or the silence of a camera; without, results
 * depend on event time alone.
 * @param windows what to go on with
 */
export function createWindowStage(
  config: WindowTimes,
  live?: LiveWindows,
  windows = createSlidingWindows(config),
): StreamStage<Expression, Emotion> {
  return function window(expressions, context) {
    return new Observable<Envelope<Emotion>>((emotions) => {
      const heard = new Subject<string>();
      const emit = (closed: readonly Emotion[]): void => {
        for (const emotion of closed) {
          emotions.next(envelope({ key: emotion.camera, timeUs: emotion.endUs, value: emotion }));
        }
      };
      if (live !== undefined) {
        emotions.add(
          fallenSilent(heard, live.silenceMs).subscribe((camera) => {
            emit(windows.rest(camera));
          }),
        );
        // Or the wait for each camera goes on, and with it the process.
        emotions.add(() => {
          heard.complete();
        });
        emotions.add(
          (live.left ?? NEVER).subscribe(({ camera, done }) => {
            const closed = windows.end(camera);
            const parent = { key: camera, timeUs: closed.at(-1)?.endUs ?? 0, value: camera, onAck: done };
            for (const child of fork(envelope(parent), closed)) emotions.next(child);
          }),
        );
      }
      return expressions.subscribe({
        next(record) {
          heard.next(record.value.camera);
          const closed = windows.add(record.value);
          if (closed === 'late') context.drop(record, 'late');
          else for (const child of fork(record, closed)) emotions.next(child);
        },
        error(error) {
          emotions.error(error);
        },
        complete() {
          emit(windows.end());
          emotions.complete();
        },
      });
    });
  };
}

/** Names of cameras, each once it was not heard of for so long. */
function fallenSilent(heard: Observable<string>, silenceMs: number): Observable<string> {
  return heard.pipe(
    groupBy((camera) => camera, { duration: (one) => one.pipe(debounceTime(silenceMs)) }),
    mergeMap((one) => one.pipe(ignoreElements(), endWith(one.key))),
  );
}
