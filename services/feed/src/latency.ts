/** Latencies of the last results of each camera. */
export interface Latencies {
  /** Adds one, in milliseconds from capture to now. */
  add(camera: string, milliseconds: number): void;
  /** The median of the last ones, milliseconds; null where there is none. */
  median(camera: string): number | null;
  forget(camera: string): void;
}

/** Latencies of the last `count` results of each camera. */
export function createLatencies(count = 25): Latencies {
  const byCamera = new Map<string, number[]>();
  return {
    add(camera, milliseconds) {
      const last = byCamera.get(camera) ?? [];
      last.push(milliseconds);
      if (last.length > count) last.shift();
      byCamera.set(camera, last);
    },
    median(camera) {
      const sorted = [...(byCamera.get(camera) ?? [])].sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)] ?? null;
    },
    forget(camera) {
      byCamera.delete(camera);
    },
  };
}
