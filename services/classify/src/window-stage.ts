import {
  fork,
  envelope,
  type Emotion,
  type Envelope,
  type Expression,
  type StreamStage,
} from '@deadpan/shared';
import { Observable } from 'rxjs';

import { createSlidingWindows } from './sliding-windows.js';
import type { WindowConfig } from './window-config.js';

/**
 * The stream stage that turns expressions into windows. An expression is acked once the windows that it closes are;
 * one that closes none at once: what it added lives in the open windows, and is rebuilt by replay after a crash.
 * The end of the stream closes what is open.
 * @param windows what to go on with
 */
export function createWindowStage(
  config: WindowConfig,
  windows = createSlidingWindows(config),
): StreamStage<Expression, Emotion> {
  return function window(expressions, context) {
    return new Observable<Envelope<Emotion>>((emotions) => {
      return expressions.subscribe({
        next(record) {
          const closed = windows.add(record.value);
          if (closed === 'late') context.drop(record, 'late');
          else for (const child of fork(record, closed)) emotions.next(child);
        },
        error(error) {
          emotions.error(error);
        },
        complete() {
          for (const emotion of windows.end()) {
            emotions.next(envelope({ key: emotion.camera, timeUs: emotion.endUs, value: emotion }));
          }
          emotions.complete();
        },
      });
    });
  };
}
