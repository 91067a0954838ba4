import type { Box } from '@deadpan/shared';
import { boxIou } from '@deadpan/vision';

/** A box that a detector found, and how sure it is, 0..1. */
export interface Detection {
  readonly box: Box;
  readonly score: number;
}

/** Non-maximum suppression: best first, without those that overlap a better one by more than `limit` (IoU). */
export function suppressOverlaps(detections: readonly Detection[], limit: number): Detection[] {
  const kept: Detection[] = [];
  for (const candidate of [...detections].sort((a, b) => b.score - a.score)) {
    if (kept.every((better) => boxIou(candidate.box, better.box) <= limit)) kept.push(candidate);
  }
  return kept;
}
