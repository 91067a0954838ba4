import type { EmotionMessage } from '@deadpan/shared';

/** One of the expression classes. */
export type ExpressionName = EmotionMessage['expression'];

/** The colour of each class: the same everywhere, told apart on dark and on light, always beside its name. */
export const COLOURS: Readonly<Record<ExpressionName, string>> = {
  neutral: '#8a95a5',
  happiness: '#eeb02f',
  surprise: '#ee7b3b',
  sadness: '#4b82dc',
  anger: '#d8404f',
  disgust: '#6d9e3c',
  fear: '#9d66cf',
  contempt: '#27a097',
};

/** The classes in the order of every table. */
export const CLASS_NAMES = Object.keys(COLOURS) as readonly ExpressionName[];
