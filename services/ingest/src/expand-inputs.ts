import { readdir, realpath, type Dirent } from 'node:fs';
import { realpath as realPathOf, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { DeadpanError } from '@deadpan/shared';
import { glob, isDynamicPattern, type FileSystemAdapter } from 'tinyglobby';

/** One input and where its results go. */
export interface ExpandedInput {
  /** Path as it will be opened. */
  readonly path: string;
  /**
   * Folder of its results, relative to the output folder: its path below the folder, or below where the glob begins to
   * look, without extension; of a file that is named itself, its name.
   */
  readonly output: string;
}

/** What was named, sorted out. */
export interface ExpandedInputs {
  readonly inputs: readonly ExpandedInput[];
  /**
   * Names that lead to nothing: E_INPUT_MISSING, or E_INPUT_EMPTY for a folder or glob without media. And folders that
   * cannot be read where a folder or glob leads, each by its path: E_INPUT_MISSING.
   */
  readonly failures: readonly { readonly input: string; readonly error: DeadpanError }[];
}

/**
 * Extensions that are looked for in folders, in lower case, and HEIC among them, which cannot be read: nobody's pictures are
 * passed over in silence. What a user names is taken whatever its name is.
 */
export const MEDIA_EXTENSIONS: ReadonlySet<string> = new Set(
  (
    'mp4 m4v mov mkv webm avi mpg mpeg vob ts m2ts mts 3gp 3g2 flv wmv ogv mxf dv gif ' +
    'jpg jpeg jfif png bmp webp tif tiff avif heic heif'
  ).split(' '),
);

/** Whether the results of the file at `path` are in a folder, relative to the output folder. */
export type HasResults = (path: string, output: string) => Promise<boolean>;

interface FoundFile {
  readonly path: string;
  /** Its path below what the user named. */
  readonly below: string;
  /** Its path without links. */
  readonly real: string;
}

/**
 * Files, folders (recursive) and globs as a list of inputs: in the order in which they were named, sorted within a
 * folder or glob, each file once, by whatever links it is found. Two inputs whose results would meet keep their extension
 * (`a.mp4`, `a.mkv`) or the folders that tell them apart (`one/a.mp4`, `two/a.mp4`), but for one that has results under
 * the shorter name.
 * @param out folder of the results: where it lies below a folder or glob, what is in it was not meant. A file that is
 * named itself is.
 */
export async function expandInputs(
  named: readonly string[],
  out?: string,
  hasResults: HasResults = () => Promise.resolve(false),
): Promise<ExpandedInputs> {
  const found = new Map<string, FoundFile>();
  const failures: { input: string; error: DeadpanError }[] = [];
  for (const name of named) {
    try {
      const { files, unreadable } = await expandOne(name, out);
      for (const file of files) if (!found.has(file.real)) found.set(file.real, file);
      failures.push(...unreadable);
    } catch (error) {
      if (!(error instanceof DeadpanError)) throw error;
      failures.push({ input: name, error });
    }
  }
  return { inputs: await nameOutputs([...found.values()], hasResults), failures };
}

async function nameOutputs(files: readonly FoundFile[], hasResults: HasResults): Promise<ExpandedInput[]> {
  const names = tellApart(files);
  const taken = new Map<string, number>();
  for (const short of names.map(withoutExtension)) taken.set(short, (taken.get(short) ?? 0) + 1);
  const wanted = names.map((name) => {
    const short = withoutExtension(name);
    return (taken.get(short) ?? 0) > 1 ? name : short;
  });
  const kept = new Map<number, string>();
  const used = new Set<string>();
  for (const [i, { path, below }] of files.entries()) {
    const short = withoutExtension(below);
    // Results that were there first stay where they are when a file comes whose name is alike.
    if (wanted[i] === short || used.has(short) || !(await hasResults(path, short))) continue;
    kept.set(i, short);
    used.add(short);
  }
  return files.map(({ path }, i) => {
    let output = kept.get(i) ?? wanted[i] ?? '';
    // Only a file that is called like another's folder is left to number: `a.mp4.mkv` beside `a.mp4` and `a.mkv`.
    for (let n = 2; !kept.has(i) && used.has(output); n += 1) output = `${wanted[i] ?? ''}-${n}`;
    used.add(output);
    return { path, output };
  });
}

/** Files of one name from several places get the path below the folder that holds them all as their name. */
function tellApart(files: readonly FoundFile[]): readonly string[] {
  const places = new Map<string, string[]>();
  for (const { path, below } of files) places.set(below, [...(places.get(below) ?? []), resolve(path)]);
  return files.map(({ path, below }) => {
    const same = places.get(below) ?? [];
    return same.length === 1 ? below : relative(commonFolder(same), resolve(path));
  });
}

/** The deepest folder that all paths go through. */
function commonFolder(paths: readonly string[]): string {
  const [first = [], ...rest] = paths.map((path) => dirname(path).split(sep));
  const differs = first.findIndex((part, i) => rest.some((parts) => parts[i] !== part));
  return first.slice(0, differs === -1 ? undefined : differs).join(sep) || sep;
}

interface Search {
  readonly files: readonly FoundFile[];
  readonly unreadable: ExpandedInputs['failures'];
}

async function expandOne(name: string, out?: string): Promise<Search> {
  const there = await stat(name).catch(() => null);
  if (there?.isDirectory() === true) {
    const { matches, unreadable } = await search(name, '**/*', { cwd: name, dot: false });
    const media = matches.filter((file) => MEDIA_EXTENSIONS.has(extname(file).slice(1).toLowerCase()));
    const files = await meant(
      name,
      media.sort().map((file) => ({ path: join(name, file), below: file })),
      out,
    );
    if (files.length === 0 && unreadable.length === 0)
      throw new DeadpanError('E_INPUT_EMPTY', `The folder ${name} holds no video or image.`);
    return { files, unreadable };
  }
  if (there !== null) {
    return { files: [{ path: name, below: basename(name), real: await withoutLinks(name) }], unreadable: [] };
  }
  if (isDynamicPattern(name)) {
    const root = rootOf(name);
    const { matches, unreadable } = await search(name, name, { absolute: isAbsolute(name) });
    const found = matches.sort().map((file) => ({
      path: isAbsolute(name) ? file : relative('.', file),
      // A pattern may lead up again, out of its own root.
      below: isBelow(root, file) ? relative(root, file) : basename(file),
    }));
    const files = await meant(root, found, out);
    if (files.length === 0 && unreadable.length === 0)
      throw new DeadpanError('E_INPUT_EMPTY', `No file matches ${name}.`);
    return { files, unreadable };
  }
  throw new DeadpanError('E_INPUT_MISSING', `There is no file or folder ${name}.`);
}

/** What a pattern matches, and the folders on the way that cannot be read. */
async function search(
  name: string,
  pattern: string,
  options: { readonly cwd?: string; readonly dot?: boolean; readonly absolute?: boolean },
): Promise<{ readonly matches: string[]; readonly unreadable: Search['unreadable'] }> {
  const unreadable: { input: string; error: DeadpanError }[] = [];
  const note = (path: string, why: NodeJS.ErrnoException | null): void => {
    // A pattern may ask for folders that are not there, and links may lead to nothing.
    if (why === null || why.code === 'ENOENT' || why.code === 'ENOTDIR') return;
    const input = isAbsolute(name) ? resolve(path) : relative('.', path) || '.';
    // The file system's own, on the disks of Linux, which only root may read.
    if (basename(input) === 'lost+found') return;
    const error = new DeadpanError(
      'E_INPUT_MISSING',
      `${input} cannot be read (${why.code ?? why.message}), so nothing in it was found.`,
      { cause: why, advice: 'Make it readable, and run the same command again.' },
    );
    unreadable.push({ input, error });
  };
  // The search itself goes on in silence.
  const fs = {
    readdir(
      path: string,
      how: { withFileTypes: true },
      done: (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void,
    ) {
      readdir(path, how, (error, entries) => {
        note(path, error);
        done(error, entries);
      });
    },
    realpath(path: string, done: (error: NodeJS.ErrnoException | null, real: string) => void) {
      realpath(path, (error, real) => {
        note(path, error);
        done(error, real);
      });
    },
  } as FileSystemAdapter;
  const matches = await glob(pattern, {
    ...options,
    followSymbolicLinks: true,
    expandDirectories: false,
    fs,
  });
  return { matches, unreadable: unreadable.sort((a, b) => (a.input < b.input ? -1 : 1)) };
}

/** Of the files below a folder those that are inputs: no results of `out`, and what a link leads to only once. */
async function meant(
  root: string,
  found: readonly Omit<FoundFile, 'real'>[],
  out?: string,
): Promise<readonly FoundFile[]> {
  const [realRoot, realOut] = await Promise.all([
    withoutLinks(root),
    out === undefined ? null : withoutLinks(out),
  ]);
  const files = await Promise.all(
    found.map(async (file) => ({ ...file, real: await withoutLinks(file.path) })),
  );
  // Results that go into that very folder, or above, lie among the inputs.
  const isResult = (real: string): boolean =>
    realOut !== null && realRoot !== realOut && !isBelow(realOut, realRoot) && isBelow(realOut, real);
  const isDirect = ({ real, below }: FoundFile): boolean => real === join(realRoot, below);
  const direct = new Set(files.filter(isDirect).map(({ real }) => real));
  return files.filter((file) => !isResult(file.real) && (isDirect(file) || !direct.has(file.real)));
}

/** The path without links; as it is where nothing is there (yet). */
function withoutLinks(path: string): Promise<string> {
  return realPathOf(path).catch(() => resolve(path));
}

/** Whether a path lies within a folder and is not the folder itself. */
function isBelow(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== '' && way.split(sep)[0] !== '..' && !isAbsolute(way);
}

/** The folder in which a glob begins to look. */
function rootOf(pattern: string): string {
  const parts = pattern.split('/');
  const fixed = parts.slice(
    0,
    parts.findIndex((part) => isDynamicPattern(part)),
  );
  return fixed.join('/').replace(/\\(.)/g, '$1') || (isAbsolute(pattern) ? '/' : '.');
}

const withoutExtension = (path: string): string => {
  const extension = extname(path);
  return extension === '' ? path : path.slice(0, -extension.length);
};
