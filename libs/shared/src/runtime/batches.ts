/** How a map stage's records are gathered. */
export interface BatchOptions {
  /** Most records a call gets. */
  readonly size: number;
  /** Longest wait for more once there is one, in milliseconds. */
  readonly maxDelayMs: number;
}

/** Gathers what arrives: a batch goes out when it is full, when its first record has waited long enough, or at the end. */
export async function* batches<T>(
  source: AsyncIterable<T>,
  { size, maxDelayMs }: BatchOptions,
): AsyncGenerator<T[], void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  // A read that the delay outran is kept: its record opens the next batch.
  let reading: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      const first = await (reading ?? iterator.next());
      reading = undefined;
      if (first.done === true) return;
      const batch = [first.value];
      let timer: NodeJS.Timeout | undefined;
      const due = new Promise<'due'>((resolve) => {
        timer = setTimeout(resolve, maxDelayMs, 'due' as const);
      });
      let done = false;
      while (batch.length < size) {
        reading = iterator.next();
        const next = await Promise.race([reading, due]);
        if (next === 'due') break;
        reading = undefined;
        if (next.done === true) {
          done = true;
          break;
        }
        batch.push(next.value);
      }
      clearTimeout(timer);
      yield batch;
      if (done) return;
    }
  } finally {
    // Not awaited while a read is under way: the iterator would only return after a record that may never come.
    const returned = iterator.return?.();
    if (reading === undefined) await returned;
  }
}
