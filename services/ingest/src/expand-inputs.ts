import { stat } from 'node:fs/promises';
import { basename, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { DeadpanError } from '@deadpan/shared';
import { glob, isDynamicPattern } from 'tinyglobby';

/** One input and where its results go. */
export interface ExpandedInput {
  /** Path as it will be opened. */
  readonly path: string;
  /** Folder of its results, relative to the output folder: its path below what the user named, without extension. */
  readonly output: string;
}

/** What was named, sorted out. */
export interface ExpandedInputs {
  readonly inputs: readonly ExpandedInput[];
  /** Names that lead to nothing: E_INPUT_MISSING, or E_INPUT_EMPTY for a folder or glob without media. */
  readonly failures: readonly { readonly input: string; readonly error: DeadpanError }[];
}

/** Extensions that are looked for in folders, in lower case. What a user names is taken whatever its name is. */
export const MEDIA_EXTENSIONS: ReadonlySet<string> = new Set(
  (
    'mp4 m4v mov mkv webm avi mpg mpeg ts m2ts mts 3gp flv wmv ogv mxf gif ' +
    'jpg jpeg png bmp webp tif tiff'
  ).split(' '),
);

/**
 * Files, folders (recursive) and globs as a list of inputs: in the order in which they were named, sorted within a
 * folder or glob, each file once. Two inputs whose results would meet (`a.mp4`, `a.mkv`) keep their extension.
 * @param out folder of the results: where it lies below a folder or glob, what is in it was not meant. A file that is
 * named itself is.
 */
export async function expandInputs(named: readonly string[], out?: string): Promise<ExpandedInputs> {
  const found = new Map<string, { path: string; below: string }>();
  const failures: { input: string; error: DeadpanError }[] = [];
  for (const name of named) {
    try {
      for (const input of await expandOne(name, out)) {
        const key = resolve(input.path);
        if (!found.has(key)) found.set(key, input);
      }
    } catch (error) {
      if (!(error instanceof DeadpanError)) throw error;
      failures.push({ input: name, error });
    }
  }
  const files = [...found.values()];
  const taken = new Map<string, number>();
  for (const { below } of files)
    taken.set(withoutExtension(below), (taken.get(withoutExtension(below)) ?? 0) + 1);
  const used = new Set<string>();
  const inputs = files.map(({ path, below }) => {
    const short = withoutExtension(below);
    const wanted = (taken.get(short) ?? 0) > 1 ? below : short;
    // Files of one name from several places on the command line get a number.
    let output = wanted;
    for (let n = 2; used.has(output); n += 1) output = `${wanted}-${n}`;
    used.add(output);
    return { path, output };
  });
  return { inputs, failures };
}

async function expandOne(name: string, out?: string): Promise<readonly { path: string; below: string }[]> {
  /** For what is found below a folder. Results that go into that very folder, or above, lie among the inputs. */
  const isInput = (root: string): ((path: string) => boolean) =>
    out === undefined || !isBelow(root, out) ? () => true : (path) => !isBelow(out, path);
  const there = await stat(name).catch(() => null);
  if (there?.isDirectory() === true) {
    const files = await glob('**/*', {
      cwd: name,
      dot: false,
      followSymbolicLinks: true,
      expandDirectories: false,
    });
    const isMeant = isInput(name);
    const media = files
      .filter((file) => MEDIA_EXTENSIONS.has(extname(file).slice(1).toLowerCase()))
      .filter((file) => isMeant(join(name, file)))
      .sort();
    if (media.length === 0)
      throw new DeadpanError('E_INPUT_EMPTY', `The folder ${name} holds no video or image.`);
    return media.map((file) => ({ path: join(name, file), below: file }));
  }
  if (there !== null) return [{ path: name, below: basename(name) }];
  if (isDynamicPattern(name)) {
    const matches = await glob(name, { expandDirectories: false, absolute: isAbsolute(name) });
    const files = matches.filter(isInput(rootOf(name))).sort();
    if (files.length === 0) throw new DeadpanError('E_INPUT_EMPTY', `No file matches ${name}.`);
    return files.map((file) => ({
      path: isAbsolute(name) ? file : relative('.', file),
      below: basename(file),
    }));
  }
  throw new DeadpanError('E_INPUT_MISSING', `There is no file or folder ${name}.`);
}

/** Whether a path lies within a folder and is not the folder itself. */
function isBelow(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== '' && way.split(sep)[0] !== '..' && !isAbsolute(way);
}

/** The folder in which a glob begins to look. */
function rootOf(pattern: string): string {
  const parts = pattern.split('/');
  return (
    parts
      .slice(
        0,
        parts.findIndex((part) => isDynamicPattern(part)),
      )
      .join('/') || (isAbsolute(pattern) ? '/' : '.')
  );
}

const withoutExtension = (path: string): string => {
  const extension = extname(path);
  return extension === '' ? path : path.slice(0, -extension.length);
};
