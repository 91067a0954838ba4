import { DeadpanError } from '@deadpan/shared';

const FREE_SPACE = 'Free some space, or choose another folder with --out.';
const OTHER_FOLDER = 'Choose a folder that you may write to with --out.';

/** What the operating system's error codes mean for somebody who waits for results. */
const REASONS: Readonly<Record<string, readonly [reason: string, advice: string]>> = {
  ENOSPC: ['the disk is full', FREE_SPACE],
  EDQUOT: ['the disk quota is used up', FREE_SPACE],
  EFBIG: ['the file would be larger than the file system allows', FREE_SPACE],
  EACCES: ['there is no permission to write there', OTHER_FOLDER],
  EPERM: ['there is no permission to write there', OTHER_FOLDER],
  EROFS: ['the file system is read-only', OTHER_FOLDER],
  EEXIST: ['a file of that name is in the way', 'Move that file, or choose another folder with --out.'],
  ENOTDIR: ['a file is where a folder should be', 'Move that file, or choose another folder with --out.'],
  EISDIR: ['a folder is where a file should be', 'Move that folder, or choose another one with --out.'],
  ENOTEMPTY: [
    'a folder that is not empty is in the way',
    'Move that folder, or choose another one with --out.',
  ],
  EBUSY: ['it is in use by another program', 'Close that program and try again.'],
  ETXTBSY: ['it is in use by another program', 'Close that program and try again.'],
  ENAMETOOLONG: [
    'the name is too long for the file system',
    'Give the input a shorter name, or choose a shorter folder with --out.',
  ],
  EMFILE: ['too many files are open', 'Raise the limit of open files ("ulimit -n"), or use fewer --jobs.'],
  ENFILE: ['too many files are open', 'Raise the limit of open files ("ulimit -n"), or use fewer --jobs.'],
  EIO: ['the disk reports an error', 'Check the disk, or choose another folder with --out.'],
};

/**
 * The `E_OUTPUT` error for a failed attempt to write `path`. Errors that are not the file system's are returned as
 * they are: they are bugs, or have a sentence of their own.
 */
export function outputError(path: string, cause: unknown): unknown {
  if (cause instanceof DeadpanError || !(cause instanceof Error) || !('code' in cause)) return cause;
  if (typeof cause.code !== 'string' || !('syscall' in cause)) return cause;
  const [reason, advice] = REASONS[cause.code] ?? [`the system says ${cause.code}`, OTHER_FOLDER];
  return new DeadpanError('E_OUTPUT', `${path} cannot be written: ${reason}.`, { cause, advice });
}

/**
 * Does what writes `path`.
 *
 * @throws DeadpanError `E_OUTPUT` for what the file system refuses.
 */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw outputError(path, error);
  }
}
