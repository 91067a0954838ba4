import { Option } from 'commander';

/** How the pictures of a set are cut; the names of `faceSquares`. */
export type Crop = 'whole' | 'loose' | 'portrait';

/** `--crop`, for commands that align labelled pictures. */
export function cropOption(): Option {
  return new Option(
    '--crop <crop>',
    'how the pictures are cut: whole faces, loosely cut ones, or portraits with shoulders',
  )
    .choices(['whole', 'loose', 'portrait'] satisfies Crop[])
    .default('whole');
}
