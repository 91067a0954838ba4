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
  /** Where it is thought to be at `motionUs`: see {@link predictTracks}. */
  readonly box: Box;
  /** Where it was last seen. */
  readonly seen: Box;
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
  /** When the last step was. */
  readonly stepUs: number;
}

/** How boxes become tracks. Fractions are of a box's height; times are in microseconds. */
export interface TrackerOptions {
  /** A track that a step has missed is over when it was last seen longer ago than this. */
  readonly longestGapUs: number;
  /** Candidates from this score on are matched first and may begin a track. */
  readonly highScore: number;
  /** Least overlap (IoU) of a track's predicted box with a sure candidate, and with an unsure one. */
  readonly highIou: number;
  readonly lowIou: number;
  /** A sure candidate that overlaps no track may still be one that is, or was last, no farther away, in heights. */
  readonly reach: number;
}

/** ByteTrack's scores and overlaps; a longer gap than its 30 frames, and a reach, for slow cameras and quick heads. */
export const TRACKER_DEFAULTS: TrackerOptions = {
  longestGapUs: 2_000_000,
  highScore: 0.5,
  highIou: 0.2,
  lowIou: 0.5,
  reach: 1,
};

/** No tracks yet. */
export const NO_TRACKS: Tracks = { nextId: 1, tracks: [], stepUs: -Infinity };

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
/** How much larger or smaller a face out of sight may come back. */
const MOST_GROWTH = 1.6;
/** Time after which a third of a face's speed is left, in seconds. */
const MEMORY = 0.3;

/**
 * The tracks with their boxes where they are expected at a time; tracks that were gone too long are left out. One that was
 * seen at the step before was never away, however long ago that was.
 */
export function predictTracks(tracks: Tracks, timeUs: number, options: TrackerOptions): Tracks {
  return {
    ...tracks,
    tracks: tracks.tracks
      .filter(({ lastUs }) => lastUs === tracks.stepUs || timeUs - lastUs <= options.longestGapUs)
      .map((track) => predictTrack(track, timeUs)),
  };
}

/**
 * Gives candidates at a time to tracks: sure candidates first, by overlap with all predicted boxes; then unsure ones to
 * the tracks that are left and were seen at the step before; then sure ones that are left to tracks near by of about their
 * size; what is sure and left begins tracks.
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
  const ids: (number | null)[] = candidates.map((_, i) => known[i] ?? null);
  const isSure = (i: number) => (candidates[i]?.score ?? 0) >= options.highScore;
  const recent = tracks.filter((track) => track.lastUs === before.stepUs);
  assign(tracks, candidates, ids, isSure, ({ box }, b) => boxIou(box, b) - options.highIou);
  assign(
    recent,
    candidates,
    ids,
    (i) => !isSure(i),
    ({ box }, b) => boxIou(box, b) - options.lowIou,
  );
  assign(tracks, candidates, ids, isSure, ({ box, seen }, b) =>
    sameSize(box, b) ? options.reach - Math.min(distance(box, b), distance(seen, b)) : -1,
  );

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
  return { tracks: { nextId: free, tracks: next, stepUs: timeUs }, ids };
}

/** Pairs tracks and eligible candidates by falling affinity, each once; none below 0. Equals go by the older track. */
function assign(
  tracks: readonly Track[],
  candidates: readonly Candidate[],
  ids: (number | null)[],
  eligible: (candidate: number) => boolean,
  affinity: (track: Track, candidate: Box) => number,
): void {
  const taken = new Set(ids);
  const pairs: { track: number; candidate: number; affinity: number }[] = [];
  for (const track of tracks) {
    if (taken.has(track.id)) continue;
    for (const [i, { box }] of candidates.entries()) {
      const value = ids[i] === null && eligible(i) ? affinity(track, box) : -1;
      if (value >= 0) pairs.push({ track: track.id, candidate: i, affinity: value });
    }
  }
  pairs.sort((a, b) => b.affinity - a.affinity || a.track - b.track || a.candidate - b.candidate);
  for (const { track, candidate } of pairs) {
    if (taken.has(track) || ids[candidate] !== null) continue;
    ids[candidate] = track;
    taken.add(track);
  }
}

/** Between the centres, in heights of the first box. */
function distance(a: Box, b: Box): number {
  const dx = a.x + a.width / 2 - b.x - b.width / 2;
  const dy = a.y + a.height / 2 - b.y - b.height / 2;
  return Math.hypot(dx, dy) / a.height;
}

function sameSize(a: Box, b: Box): boolean {
  return Math.max(a.height, b.height) <= MOST_GROWTH * Math.min(a.height, b.height);
}

function startTrack(id: number, box: Box, timeUs: number): Track {
  const deviation = MEASUREMENT * box.height;
  const speed = START_SPEED * box.height;
  const start = (position: number) => startMotion(position, deviation, speed);
  return {
    id,
    box,
    seen: box,
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
  const predict = (motion: Motion) => predictMotion(motion, seconds, acceleration, MEMORY);
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
  return { ...track, motion, box, seen: box, lastUs: timeUs };
}

function boxOf([x, y, width, height]: Track['motion']): Box {
  return {
    x: x.position - width.position / 2,
    y: y.position - height.position / 2,
    width: width.position,
    height: height.position,
  };
}
