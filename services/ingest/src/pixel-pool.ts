/** Pixel buffers over shared memory that are handed out, handed back and used again. */
export interface PixelPool {
  /** A buffer of exactly this many bytes; its content is whatever was there before. */
  take(bytes: number): Uint8Array;
  /** Hands a buffer back. Who gives must not touch it again. */
  give(buffer: Uint8Array): void;
  /** Buffers that are out. */
  readonly taken: number;
}

/**
 * Makes a pool that keeps at most `spare` unused buffers of the size last asked for.
 *
 * A pool without a limit on what is out cannot deadlock its reader: how many frames are under way is the business of
 * back-pressure, not of the memory.
 */
export function createPixelPool(spare: number): PixelPool {
  let free: Uint8Array[] = [];
  let size = 0;
  let taken = 0;
  return {
    take(bytes) {
      if (bytes !== size) {
        size = bytes;
        free = [];
      }
      taken += 1;
      return free.pop() ?? new Uint8Array(new SharedArrayBuffer(bytes));
    },
    give(buffer) {
      taken -= 1;
      if (buffer.byteLength === size && free.length < spare) free.push(buffer);
    },
    get taken() {
      return taken;
    },
  };
}
