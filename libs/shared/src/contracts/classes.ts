/**
 * The eight expression classes, in the order that every table, tensor and message uses.
 * A model that lacks one says so in its artifact; nothing guesses it.
 */
export const CLASSES = [
  'neutral',
  'happiness',
  'surprise',
  'sadness',
  'anger',
  'disgust',
  'fear',
  'contempt',
] as const;

/** One of the eight expression classes. */
export type ExpressionClass = (typeof CLASSES)[number];

/** The class with the greatest probability; the first of equals. `probabilities` is in the order of {@link CLASSES}. */
export function dominantClass(probabilities: readonly number[]): ExpressionClass {
  let best = 0;
  for (let k = 1; k < CLASSES.length; k += 1) {
    if ((probabilities[k] ?? 0) > (probabilities[best] ?? 0)) best = k;
  }
  return CLASSES[best] ?? 'neutral';
}
