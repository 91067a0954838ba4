import { readFile } from 'node:fs/promises';
import { DeadpanError, sentenceOf } from '@deadpan/shared';
import { z } from 'zod';

const schema = z.object({
  heldOutEvery: z.int(),
  groups: z
    .array(z.object({ column: z.string(), value: z.string(), n: z.int(), accuracy: z.number() }))
    .min(1),
});

/** The accuracy on one group of people: those whose `column` has `value`, `n` pictures. */
export type GroupAccuracy = z.infer<typeof schema>['groups'][number];

/**
 * Reads what `deadpan evaluate --held-out N --groups ... --json` printed.
 * @throws DeadpanError E_INPUT_MISSING, or E_CONFIG where it is something else
 */
export async function readGroupReport(file: string): Promise<GroupAccuracy[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new DeadpanError('E_INPUT_MISSING', `The group report ${file} cannot be read.`, { cause });
  }
  try {
    return schema.parse(JSON.parse(text)).groups;
  } catch (cause) {
    throw new DeadpanError('E_CONFIG', `${file} is no group report: ${sentenceOf(cause)}`, {
      cause,
      advice: 'Write one with deadpan evaluate --held-out N --groups COLUMNS --json.',
    });
  }
}
