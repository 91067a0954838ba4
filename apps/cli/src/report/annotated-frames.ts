import type { AnnotatedFace } from './annotation-drawing.js';
import { readFacesTable } from './faces-table.js';
import { readReferenceSpool } from './reference-spool.js';

/** An analysed frame and the faces in it. */
export interface AnnotatedFrame {
  /** Seconds of the media, to the millisecond. */
  readonly time: number;
  readonly faces: readonly AnnotatedFace[];
}

/**
 * The analysed frames of an input, in order, from its `faces.csv` and the references that belong to its rows.
 *
 * @param spoolPath null where no references were kept
 */
export async function* annotatedFrames(
  facesPath: string,
  spoolPath: string | null,
): AsyncGenerator<AnnotatedFrame> {
  const references = spoolPath === null ? null : readReferenceSpool(spoolPath);
  let frame = -1;
  let time = 0;
  let faces: AnnotatedFace[] = [];
  try {
    for await (const row of readFacesTable(facesPath)) {
      if (row.frame !== frame) {
        if (frame >= 0) yield { time, faces };
        ({ frame, time } = row);
        faces = [];
      }
      if (row.face === null) continue;
      const next = await references?.next();
      faces.push({ face: row.face, reference: next === undefined || next.done === true ? null : next.value });
    }
    if (frame >= 0) yield { time, faces };
  } finally {
    await references?.return(undefined);
  }
}
