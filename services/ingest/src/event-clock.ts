/** Turns a stream's own times into wall-clock times. */
export interface EventClock {
  /** Event time of a frame, microseconds since 1970 (UTC): later than that of every frame before, but where the
   * wall clock was set back before a {@link restart}. */
  eventTimeUs(streamUs: number, arrivalUs: number): number;
  /** A new connection, and a new epoch: its stream times have nothing to do with those before. */
  restart(): void;
}

/** How fast the estimate follows later arrivals: a drift of 100 ppm against the camera's clock leaves 2 ms of error. */
const FOLLOW_US = 20_000_000;
/** A larger difference is a step of a clock and not the network's jitter. */
const STEP_US = 2_000_000;

/**
 * Event time is the wall clock at arrival, corrected by the stream's time stamps: the stamps give the distance between
 * frames, the arrivals say when that was. The least delayed frames count: a frame cannot arrive before it was taken, so
 * an earlier one corrects the estimate at once, and later ones only slowly, as far as clocks drift.
 */
export function createEventClock(): EventClock {
  let offset: number | null = null;
  let lastStream = 0;
  let last = -Infinity;
  let restarted = false;
  return {
    eventTimeUs(streamUs, arrivalUs) {
      // Otherwise time would stand still until the wall clock is where it had been.
      if (restarted && arrivalUs < last - STEP_US) last = -Infinity;
      restarted = false;
      const seen = arrivalUs - streamUs;
      if (offset === null || seen < offset || seen - offset > STEP_US) {
        offset = seen;
      } else {
        offset += (seen - offset) * Math.min(1, Math.max(0, streamUs - lastStream) / FOLLOW_US);
      }
      lastStream = streamUs;
      last = Math.max(last + 1, Math.round(streamUs + offset));
      return last;
    },
    restart() {
      offset = null;
      restarted = true;
    },
  };
}
