import type { ExpressionClass } from '@deadpan/shared';

/** A face beside its reference, as they are shown to people. */
export interface ReferencePick {
  /** Number of the analysed frame. */
  readonly frame: number;
  /** Seconds of the media. */
  readonly time: number;
  readonly expression: ExpressionClass;
  readonly intensity: number;
  /** 64 x 64 gray bytes each: the aligned face, and the neutral reference that was generated from it. */
  readonly crop: Uint8Array;
  readonly reference: Uint8Array;
}

/** Picks that are spread evenly over what is offered, without knowing how much will come. */
export interface ReferencePicks {
  /** Takes one in, or passes it by. */
  offer(pick: ReferencePick): void;
  /** At most {@link PICKS_SHOWN} of them, evenly spread, in order. */
  shown(): readonly ReferencePick[];
  /** All that must be kept to go on later. */
  state(): PicksState;
}

/** {@link ReferencePicks} as JSON; pixels are base64. */
export interface PicksState {
  readonly stride: number;
  readonly offered: number;
  readonly kept: readonly (Omit<ReferencePick, 'crop' | 'reference'> & {
    readonly crop: string;
    readonly reference: string;
  })[];
}

/** How many faces of a track are shown. */
export const PICKS_SHOWN = 12;
/** Kept at most: twice as many, so that there are at least as many as shown after every second one has gone. */
const KEPT = 2 * PICKS_SHOWN;

/**
 * Keeps every n-th of what is offered; whenever too many are kept, every second goes and n doubles. The same offers
 * give the same picks, at any length, in constant memory.
 */
export function createReferencePicks(from: PicksState = { stride: 1, offered: 0, kept: [] }): ReferencePicks {
  let { stride, offered } = from;
  let kept: ReferencePick[] = from.kept.map((pick) => ({
    ...pick,
    crop: Buffer.from(pick.crop, 'base64'),
    reference: Buffer.from(pick.reference, 'base64'),
  }));
  return {
    offer(pick) {
      if (offered++ % stride !== 0) return;
      if (kept.length === KEPT) {
        kept = kept.filter((_, i) => i % 2 === 0);
        stride *= 2;
        // With an even number kept, the next of the doubled stride is this very one.
      }
      kept.push({ ...pick, crop: Uint8Array.from(pick.crop), reference: Uint8Array.from(pick.reference) });
    },
    shown() {
      const count = Math.min(PICKS_SHOWN, kept.length);
      return Array.from(
        { length: count },
        (_, i) => kept[count === 1 ? 0 : Math.round((i * (kept.length - 1)) / (count - 1))],
      ).filter((pick) => pick !== undefined);
    },
    state: () => ({
      stride,
      offered,
      kept: kept.map((pick) => ({
        ...pick,
        crop: Buffer.from(pick.crop).toString('base64'),
        reference: Buffer.from(pick.reference).toString('base64'),
      })),
    }),
  };
}
