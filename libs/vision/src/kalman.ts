/** One quantity that moves at a nearly constant velocity: its estimate and the covariance of the estimate. */
export interface Motion {
  readonly position: number;
  /** Units a second. */
  readonly velocity: number;
  /** Variances of position and velocity, and their covariance. */
  readonly pp: number;
  readonly pv: number;
  readonly vv: number;
}

/** A quantity seen once: at rest as far as anybody knows. Deviations in the quantity's unit and units a second. */
export function startMotion(position: number, positionDeviation: number, velocityDeviation: number): Motion {
  return { position, velocity: 0, pp: positionDeviation ** 2, pv: 0, vv: velocityDeviation ** 2 };
}

/**
 * The quantity `seconds` later. Its velocity is shaken by white noise of `acceleration` (units a second^1.5) and dies
 * down with the time constant `memory` in seconds: nearly constant over short times, and no flight over long ones.
 */
export function predictMotion(motion: Motion, seconds: number, acceleration: number, memory: number): Motion {
  const { position, velocity, pp, pv, vv } = motion;
  const kept = Math.exp(-seconds / memory);
  const t = memory * (1 - kept);
  const q = acceleration ** 2;
  return {
    position: position + velocity * t,
    velocity: velocity * kept,
    pp: pp + 2 * t * pv + t * t * vv + (q * t ** 3) / 3,
    pv: kept * (pv + t * vv) + (q * t * t) / 2,
    vv: kept * kept * vv + q * t,
  };
}

/** The quantity after a measurement of the given deviation. Source: Kalman, 1960. */
export function correctMotion(motion: Motion, measured: number, deviation: number): Motion {
  const { position, velocity, pp, pv, vv } = motion;
  const total = pp + deviation ** 2;
  const gainP = pp / total;
  const gainV = pv / total;
  const surprise = measured - position;
  return {
    position: position + gainP * surprise,
    velocity: velocity + gainV * surprise,
    pp: (1 - gainP) * pp,
    pv: (1 - gainP) * pv,
    vv: vv - gainV * pv,
  };
}
