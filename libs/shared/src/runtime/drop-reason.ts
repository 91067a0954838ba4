/** Why records end where they should: the values of `reason` at the drop counter. A closed list, part of the interface. */
export const DROP_REASONS = {
  unsampled:
    'a decoded frame that `fps` did not ask for, or whose connection ended before its pixels were here',
  superseded: 'a frame in whose place a newer one of its camera came before it was taken',
  stale: 'a frame that had waited too long when its turn came',
  closed: 'a frame whose camera was paused or removed while it waited',
  repeat: 'a frame that was read before',
  late: 'a face whose windows had closed before it came',
  'not-kept': 'a window that was published, and that the history could not keep',
} as const;

/** One of the {@link DROP_REASONS}. */
export type DropReason = keyof typeof DROP_REASONS;
