import { readFile } from 'node:fs/promises';
import { DeadpanError } from '@deadpan/shared';
import { z } from 'zod';

const share = z.number().min(0).max(1);

const judgementSchema = z.strictObject({
  /** Numbers for artifact.json, by what they are. */
  metrics: z.record(z.string(), z.number()),
  /** The same in words, for the card. */
  sentences: z.array(z.string()),
  /** Shares of the faces of one expression, or of one group of people. */
  parts: z.array(
    z.strictObject({
      ...{ column: z.string(), value: z.string(), faces: z.int().positive() },
      ...{ neutralBefore: share, neutral: share, samePerson: share },
    }),
  ),
});

/** What networks that took no part in a generator's training say of its references. */
export type GeneratorJudgement = z.infer<typeof judgementSchema>;

/**
 * Reads what `bench/judge-generator.mjs` writes.
 * @throws DeadpanError E_TRAINING where the file is missing or something else
 */
export async function readGeneratorJudgement(file: string): Promise<GeneratorJudgement> {
  try {
    return judgementSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new DeadpanError('E_TRAINING', `${file} is not what bench/judge-generator.mjs writes.`, { cause });
  }
}
