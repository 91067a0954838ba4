/** How often each class was taken for each: rows are the truth. */
export type Confusion = readonly (readonly number[])[];

/** Numbers that sum up a classifier on labelled data. */
export interface ClassificationReport {
  readonly n: number;
  readonly accuracy: number;
  /** Mean recall of the classes that occur. */
  readonly classMeanAccuracy: number;
  /** Mean F1 of the classes that occur or were predicted. */
  readonly macroF1: number;
  readonly perClass: readonly {
    readonly count: number;
    readonly recall: number;
    readonly precision: number;
    readonly f1: number;
  }[];
  readonly confusion: Confusion;
}

/**
 * Counts predictions.
 * @param truth class of each item
 * @param predicted class it was taken for
 */
export function confusionMatrix(
  truth: readonly number[],
  predicted: readonly number[],
  classes: number,
): number[][] {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  truth.forEach((label, i) => {
    const row = confusion[label];
    const column = predicted[i];
    if (!row || column === undefined) throw new Error(`item ${i} has no valid label or prediction`);
    row[column] = (row[column] ?? 0) + 1;
  });
  return confusion;
}

/** Accuracy, class means, F1. A class that neither occurs nor was predicted counts in no mean. */
export function classificationReport(confusion: Confusion): ClassificationReport {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const n = sum(confusion.map(sum));
  const perClass = confusion.map((row, k) => {
    const hits = row[k] ?? 0;
    const count = sum(row);
    const predicted = sum(confusion.map((other) => other[k] ?? 0));
    return {
      count,
      predicted,
      recall: count > 0 ? hits / count : 0,
      precision: predicted > 0 ? hits / predicted : 0,
      f1: count + predicted > 0 ? (2 * hits) / (count + predicted) : 0,
    };
  });
  const occurring = perClass.filter(({ count }) => count > 0);
  const seen = perClass.filter(({ count, predicted }) => count + predicted > 0);
  return {
    n,
    accuracy: n > 0 ? sum(confusion.map((row, k) => row[k] ?? 0)) / n : 0,
    classMeanAccuracy: sum(occurring.map(({ recall }) => recall)) / Math.max(1, occurring.length),
    macroF1: sum(seen.map(({ f1 }) => f1)) / Math.max(1, seen.length),
    perClass: perClass.map(({ count, recall, precision, f1 }) => ({ count, recall, precision, f1 })),
    confusion,
  };
}

/** Index of the greatest value; the first of equals. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++)
    if ((values[i] ?? -Infinity) > (values[best] ?? -Infinity)) best = i;
  return best;
}
