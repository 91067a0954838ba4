/** A part of the page that can be taken away again. */
export interface View {
  readonly element: HTMLElement;
  /** Stops its timers and forgets its listeners. */
  dispose(): void;
}

/** Collects what must be undone when a view goes. */
export function createDisposal(): { add(...undo: (() => void)[]): void; run(): void } {
  const undos: (() => void)[] = [];
  return {
    add(...more) {
      undos.push(...more);
    },
    run() {
      for (const undo of undos.splice(0)) undo();
    },
  };
}

/** Calls `work` every so many milliseconds until the returned function is called. */
export function every(milliseconds: number, work: () => void): () => void {
  const timer = window.setInterval(work, milliseconds);
  return () => {
    window.clearInterval(timer);
  };
}
