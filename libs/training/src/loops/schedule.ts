/** Learning rate over a run: linear warm-up, then a cosine down to a share of the peak. */
export interface Schedule {
  readonly peak: number;
  readonly warmUp: number;
  readonly steps: number;
  /** Share of the peak at the end. */
  readonly floor: number;
}

/** The learning rate of a step, counted from 0. */
export function learningRateAt({ peak, warmUp, steps, floor }: Schedule, step: number): number {
  if (step < warmUp) return (peak * (step + 1)) / warmUp;
  const progress = Math.min(1, (step - warmUp) / Math.max(1, steps - warmUp));
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
