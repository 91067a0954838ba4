import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { CROP_SIZE } from '@deadpan/shared';

import { writing } from './output-error.js';

/** Bytes of one reference. */
export const REFERENCE_BYTES = CROP_SIZE * CROP_SIZE;

/**
 * References that wait in a file for the second pass: one for each row of `faces.csv` that has a face, in the order of
 * the rows, 64 x 64 gray bytes each.
 */
export interface ReferenceSpool {
  write(reference: Uint8Array): Promise<void>;
  /** Brings all to the disk. @returns how many there are, from which {@link openReferenceSpool} can go on. */
  checkpoint(): Promise<number>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

const AT_A_TIME = 64;

/**
 * Opens a spool: a new one, or one that goes on after the first `count` and forgets the others.
 *
 * @throws DeadpanError `E_OUTPUT`, here and from every method, for what the file system refuses.
 */
export async function openReferenceSpool(path: string, count = 0): Promise<ReferenceSpool> {
  const file = await writing(path, () => open(path, count === 0 ? 'w' : 'r+'));
  await writing(path, () => file.truncate(count * REFERENCE_BYTES));
  let written = count;
  let waiting: Uint8Array[] = [];
  let closed = false;

  async function drain(): Promise<void> {
    const block = Buffer.concat(waiting);
    const at = written * REFERENCE_BYTES;
    written += waiting.length;
    waiting = [];
    await writing(path, async () => {
      for (let done = 0; done < block.length;) {
        done += (await file.write(block, done, block.length - done, at + done)).bytesWritten;
      }
    });
  }

  return {
    async write(reference) {
      waiting.push(Uint8Array.from(reference));
      if (waiting.length >= AT_A_TIME) await drain();
    },
    async checkpoint() {
      await drain();
      await writing(path, () => file.datasync());
      return written;
    },
    async close() {
      if (closed) return;
      closed = true;
      try {
        await drain();
      } finally {
        await file.close();
      }
    },
  };
}

/** Reads a spool from its beginning. */
export async function* readReferenceSpool(path: string): AsyncGenerator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: AT_A_TIME * REFERENCE_BYTES })) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let at = 0;
    for (; at + REFERENCE_BYTES <= rest.length; at += REFERENCE_BYTES) {
      yield rest.subarray(at, at + REFERENCE_BYTES);
    }
    rest = rest.subarray(at);
  }
}
