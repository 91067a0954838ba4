import type { Box } from '@deadpan/shared';

import { boxIou } from './box.js';
import { correctMotion, predictMotion, startMotion, type Motion } from './kalman.js';

/** A box that may belong to a track, and how sure its finder is, 0..1. */
export interface Candidate {
  readonly box: Box;
  readonly score: number;
}

/** Something followed over time. */
export interface Track {
  /** Counts from 1 and is never used again. */
  readonly id: number;
  /** Where it was last seen, or is thought to be now: see {@link predictTracks}. */
  readonly box: Box;
  readonly firstUs: number;
  readonly lastUs: number;
  /** The time that `motion` speaks of. */
  readonly motionUs: number;
  /** Centre x, centre y, width and height in pixels. */
  readonly motion: readonly [Motion, Motion, Motion, Motion];
}

/** All tracks of one camera. A plain value: every step makes a new one. */
export interface Tracks {
  readonly nextId: number;
  readonly tracks: readonly Track[];
}

/** How boxes become tracks. Fractions are of a box's height; times are in microseconds. */
export interface TrackerOptions {
  /** A track that was not seen for longer is over. */
  readonly longestGapUs: number;
  /** Candidates from this score on are matched first and may begin a track. */
  readonly highScore: number;
  /** Least overlap (IoU) of a track's predicted box with a sure candidate, and with an unsure one. */
  readonly highIou: number;
  readonly lowIou: number;
}

/** Defaults of ByteTrack, but for the times, which are its 30 frames at 30 a second made longer for slow cameras. */
export const TRACKER_DEFAULTS: TrackerOptions = {
  longestGapUs: 2_000_000,
  highScore: 0.5,
  highIou: 0.2,
  lowIou: 0.5,
};

/** No tracks yet. */
export const NO_TRACKS: Tracks = { nextId: 1, tracks: [] };

/** What a step made of the candidates. */
export interface TrackStep {
  readonly tracks: Tracks;
  /** For each candidate the id of its track, or null where it is too unsure to begin one. */
  readonly ids: readonly (number | null)[];
}

/** Deviation of a measured box, and acceleration of a face, in heights and heights a second^1.5. */
const MEASUREMENT = 0.05;
const ACCELERATION = 3;
const START_SPEED = 1;

/** The tracks with their boxes where they are expected at a time; tracks that were gone too long are left out. */
export function predictTracks(tracks: Tracks, timeUs: number, options: TrackerOptions): Tracks {
  return {
    nextId: tracks.nextId,
    tracks: tracks.tracks
      .filter((track) => timeUs - track.lastUs <= options.longestGapUs)
      .map((track) => predictTrack(track, timeUs)),
  };
}

/**
 * Gives candidates at a time to tracks: sure candidates first, by overlap with all predicted boxes; then unsure ones to
 * the tracks that are left and were seen at the step before; then sure ones that are left begin tracks.
 * `known` says which track a candidate belongs to where the caller knows it by other means.
 * Source: Zhang et al., ByteTrack, ECCV 2022, with the pairs taken greedily, best first.
 */
export function stepTracks(
  before: Tracks,
  candidates: readonly Candidate[],
  timeUs: number,
  options: TrackerOptions,
  known: readonly (number | null)[] = [],
): TrackStep {
  const { nextId, tracks } = predictTracks(before, timeUs, options);
  const newest = tracks.reduce((latest, track) => Math.max(latest, track.lastUs), -Infinity);
  const ids: (number | null)[] = candidates.map((_, i) => known[i] ?? null);
  const isSure = (i: number) => (candidates[i]?.score ?? 0) >= options.highScore;
  assign(tracks, candidates, ids, isSure, options.highIou);
  const recent = tracks.filter((track) => track.lastUs === newest);
  assign(recent, candidates, ids, (i) => !isSure(i), options.lowIou);

  let free = nextId;
  const next = tracks.map((track) => {
    const candidate = candidates[ids.indexOf(track.id)];
    return candidate === undefined ? track : correctTrack(track, candidate.box, timeUs);
  });
  for (const [i, candidate] of candidates.entries()) {
    if (ids[i] !== null || !isSure(i)) continue;
    ids[i] = free;
    next.push(startTrack(free, candidate.box, timeUs));
    free += 1;
  }
  return { tracks: { nextId: free, tracks: next }, ids };
}

/** Pairs tracks and eligible candidates by falling overlap, each once. Equal overlaps go by the older track. */
function assign(
  tracks: readonly Track[],
  candidates: readonly Candidate[],
  ids: (number | null)[],
  eligible: (candidate: number) => boolean,
  leastIou: number,
): void {
  const taken = new Set(ids);
  const pairs: { track: number; candidate: number; iou: number }[] = [];
  for (const track of tracks) {
    if (taken.has(track.id)) continue;
    for (const [i, { box }] of candidates.entries()) {
      const iou = ids[i] === null && eligible(i) ? boxIou(track.box, box) : 0;
      if (iou >= leastIou && iou > 0) pairs.push({ track: track.id, candidate: i, iou });
    }
  }
  pairs.sort((a, b) => b.iou - a.iou || a.track - b.track || a.candidate - b.candidate);
  for (const { track, candidate } of pairs) {
    if (taken.has(track) || ids[candidate] !== null) continue;
    ids[candidate] = track;
    taken.add(track);
  }
}

function startTrack(id: number, box: Box, timeUs: number): Track {
  const deviation = MEASUREMENT * box.height;
  const speed = START_SPEED * box.height;
  const start = (position: number) => startMotion(position, deviation, speed);
  return {
    id,
    box,
    firstUs: timeUs,
    lastUs: timeUs,
    motionUs: timeUs,
    motion: [
      start(box.x + box.width / 2),
      start(box.y + box.height / 2),
      start(box.width),
      start(box.height),
    ],
  };
}

function predictTrack(track: Track, timeUs: number): Track {
  const seconds = Math.max(0, timeUs - track.motionUs) / 1e6;
  const acceleration = ACCELERATION * track.box.height;
  const [x, y, width, height] = track.motion;
  const predict = (motion: Motion) => predictMotion(motion, seconds, acceleration);
  // A size does not go on growing or shrinking: where a face turns or nears, it soon stops.
  const keep = (motion: Motion) => ({ ...predict(motion), position: motion.position });
  const motion = [predict(x), predict(y), keep(width), keep(height)] as const;
  return { ...track, motion, motionUs: Math.max(timeUs, track.motionUs), box: boxOf(motion) };
}

function correctTrack(track: Track, box: Box, timeUs: number): Track {
  const deviation = MEASUREMENT * box.height;
  const [x, y, width, height] = track.motion;
  const motion = [
    correctMotion(x, box.x + box.width / 2, deviation),
    correctMotion(y, box.y + box.height / 2, deviation),
    correctMotion(width, box.width, deviation),
    correctMotion(height, box.height, deviation),
  ] as const;
  return { ...track, motion, box, lastUs: timeUs };
}

function boxOf([x, y, width, height]: Track['motion']): Box {
  return {
    x: x.position - width.position / 2,
    y: y.position - height.position / 2,
    width: width.position,
    height: height.position,
  };
}
