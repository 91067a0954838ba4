/** Learning rate over a run: linear warm-up, then a cosine down to a share of the peak, or the peak until it is halved. */
export interface Schedule {
  readonly peak: number;
  readonly warmUp: number;
  readonly steps: number;
  /** Share of the peak at the end, or below which no halving goes. */
  readonly floor: number;
  /** When the rate is halved; without it, it follows the cosine. */
  readonly halve?: Halving | undefined;
}

/** The paper's rule: the rate is halved, and the best weights are taken again, where training or validation says so. */
export interface Halving {
  /** Share by which the training loss may rise from one evaluation to the next. */
  readonly rise: number;
  /** Evaluations without a better one. */
  readonly stall: number;
}

/** The learning rate of a step, counted from 0, after so many halvings. */
export function learningRateAt(
  { peak, warmUp, steps, floor, halve }: Schedule,
  step: number,
  halvings = 0,
): number {
  if (step < warmUp) return (peak * (step + 1)) / warmUp;
  if (halve !== undefined) return peak * Math.max(floor, 0.5 ** halvings);
  const progress = Math.min(1, (step - warmUp) / Math.max(1, steps - warmUp));
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
