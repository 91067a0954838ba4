import type { StatusMessage } from '@deadpan/shared';

/** How a camera is, at a glance and in words. */
export interface Health {
  readonly level: 'good' | 'fair' | 'poor' | 'off' | 'paused' | 'unknown';
  /** Why: a sentence. */
  readonly reason: string;
  /** What its state is called. */
  readonly label: string;
}

/** Stalls and reconnects within an hour from which a camera that streams is no longer good, and is poor. */
const TROUBLES = { fair: 1, poor: 6 };

const LABELS: Readonly<Record<StatusMessage['state'], string>> = {
  connecting: 'Connecting',
  streaming: 'Live',
  stalled: 'Stalled',
  waiting: 'Offline',
  failed: 'Failed',
  paused: 'Paused',
  removed: 'Removed',
};

/** Of a page that hears nothing from the server. */
export const UNKNOWN: Health = {
  level: 'unknown',
  label: 'Not known',
  reason: 'This page has lost its connection, so it does not know how the camera is.',
};

/**
 * Judges a camera by its state and by the stalls and reconnects of its last hour.
 * @param streams whether it still says that it streams, where that is its state
 */
export function healthOf(status: StatusMessage | null, paused: boolean, streams = true): Health {
  if (paused || status?.state === 'paused') {
    return { level: 'paused', label: 'Paused', reason: 'Paused by an operator.' };
  }
  if (status === null) return { level: 'off', label: 'Starting', reason: 'Nothing was heard of it yet.' };
  const { state, stalls, reconnects, lastError } = status;
  // A camera that was lost stays offline until pictures come, however often it is tried.
  const label = state === 'connecting' && lastError !== null ? LABELS.waiting : LABELS[state];
  const counted = `${count(stalls, 'stall')} and ${count(reconnects, 'reconnect')} in the last hour.`;
  if (state !== 'streaming') return { level: 'off', label, reason: `${label}. ${counted}` };
  if (!streams) {
    return {
      level: 'off',
      label: 'Silent',
      reason: 'Nothing was heard of it for ten seconds: who read it is gone.',
    };
  }
  const troubles = stalls + reconnects;
  if (troubles >= TROUBLES.poor) return { level: 'poor', label, reason: `Unsteady: ${counted}` };
  if (troubles >= TROUBLES.fair) return { level: 'fair', label, reason: `Mostly steady: ${counted}` };
  return { level: 'good', label, reason: 'Steady: no stall and no reconnect in the last hour.' };
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
