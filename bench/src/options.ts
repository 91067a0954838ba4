import { parseArgs } from 'node:util';

/** Everything that can be measured, in the order of the table. */
export const CONTENDERS = [
  'deadpan',
  'face-api-ssd',
  'face-api-tiny',
  'human',
  'human-following',
  'bare-engine',
  'bare-decode',
] as const;

/** One of {@link CONTENDERS}. */
export type ContenderName = (typeof CONTENDERS)[number];

/** What the bench was asked to do. */
export interface BenchOptions {
  /** Path of a video; null for the bench's own clips. */
  readonly clip: string | null;
  readonly rounds: number;
  readonly only: readonly ContenderName[];
  readonly scaling: boolean;
  readonly json: boolean;
  readonly write: boolean;
}

/** How the command is used. */
export const USAGE = `npm run bench -- [options]

  --clip FILE    measure on this video instead of the bench's own clips
  --rounds N     rounds, each with every contender once; medians are shown (default: 3)
  --only NAMES   of ${CONTENDERS.join(', ')}
  --scaling      also: 1, 2, 4 and 8 faces a frame; 1, 2 and 4 videos at once; an added hour of archive
  --json         print JSON
  --write        put the tables into bench/README.md, with the machine and the date
`;

/**
 * Reads the command line.
 * @throws Error with a sentence for whoever typed it
 */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      clip: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      scaling: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds is a whole number from 1, not "${values.rounds}".`);
  }
  const only = values.only?.split(',') ?? CONTENDERS;
  const unknown = only.find((name) => !isContender(name));
  if (unknown !== undefined) {
    throw new Error(`--only knows ${CONTENDERS.join(', ')}, but no "${unknown}".`);
  }
  const { scaling, json, write } = values;
  return { clip: values.clip ?? null, rounds, only: only.filter(isContender), scaling, json, write };
}

const isContender = (name: string): name is ContenderName => CONTENDERS.some((known) => known === name);
