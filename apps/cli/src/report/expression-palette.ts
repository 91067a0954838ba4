import type { ExpressionClass } from '@deadpan/shared';

/**
 * One colour a class, everywhere: timeline, report, annotation, index. Okabe and Ito's palette
 * (https://jfly.uni-koeln.de/color/), which people with any common colour blindness can tell apart, on white and on
 * black; neutral is a gray, because it is the background that everything else stands out from.
 */
export const EXPRESSION_COLORS: Readonly<Record<ExpressionClass, string>> = {
  neutral: '#b4bcc6',
  happiness: '#f0c419',
  surprise: '#e68a00',
  sadness: '#0072b2',
  anger: '#d1490b',
  disgust: '#009e73',
  fear: '#b2609a',
  contempt: '#56b4e9',
};

/** The colour of a class as red, green, blue in 0..255. */
export function rgbOf(expression: ExpressionClass): readonly [red: number, green: number, blue: number] {
  const value = Number.parseInt(EXPRESSION_COLORS[expression].slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
