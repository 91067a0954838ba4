/** What a code means, whether trying again may help, and the exit code of a command that ends with it. */
export interface ErrorCodeMeaning {
  readonly meaning: string;
  readonly retryable: boolean;
  /** 1: an input failed; 2: wrong usage or configuration; 3: something is missing on this machine. */
  readonly exitCode: 1 | 2 | 3;
}

/**
 * The closed list of error codes. `docs/reference/errors.md` is generated from it.
 */
export const ERROR_CODES = {
  E_USAGE: { meaning: 'The command line cannot be understood.', retryable: false, exitCode: 2 },
  E_CONFIG: { meaning: 'The configuration is not valid.', retryable: false, exitCode: 2 },
  E_INPUT_MISSING: {
    meaning: 'An input file or folder does not exist or cannot be read.',
    retryable: false,
    exitCode: 1,
  },
  E_INPUT_EMPTY: {
    meaning: 'An input holds nothing: an empty file, or a folder without videos or images.',
    retryable: false,
    exitCode: 1,
  },
  E_INPUT_FORMAT: {
    meaning: 'An input is not a video or an image that ffmpeg can read here.',
    retryable: false,
    exitCode: 1,
  },
  E_INPUT_NO_VIDEO: {
    meaning: 'An input has no video stream, or one without a single frame.',
    retryable: false,
    exitCode: 1,
  },
  E_INPUT_TRUNCATED: {
    meaning: 'An input ends in the middle or is damaged; what came before it was analysed.',
    retryable: false,
    exitCode: 1,
  },
  E_INPUT_TOO_LARGE: {
    meaning: 'A frame has more pixels than the configured limit.',
    retryable: false,
    exitCode: 1,
  },
  E_INPUT_TOO_SMALL: { meaning: 'A frame is too small to hold a face.', retryable: false, exitCode: 1 },
  E_OUTPUT: {
    meaning: 'A result cannot be written: no permission, a full disk, or a path that is in use.',
    retryable: false,
    exitCode: 1,
  },
  E_DECODER_MISSING: { meaning: 'ffmpeg was not found, or is too old.', retryable: false, exitCode: 3 },
  E_DECODER_DIED: { meaning: 'ffmpeg ended in the middle of its work.', retryable: true, exitCode: 1 },
  E_MODEL_MISSING: { meaning: 'A model is not where it should be.', retryable: false, exitCode: 3 },
  E_MODEL_INVALID: {
    meaning: 'A model does not match its artifact, or is not one that this version can run.',
    retryable: false,
    exitCode: 3,
  },
  E_ENGINE_MISSING: {
    meaning: 'An inference or training engine is not installed on this machine.',
    retryable: false,
    exitCode: 3,
  },
  E_ENGINE: { meaning: 'An inference engine failed while it ran.', retryable: true, exitCode: 1 },
  E_RECORD_INVALID: { meaning: 'A record does not follow its schema.', retryable: false, exitCode: 1 },
  E_DATA: {
    meaning: 'A data set does not have the layout or the columns that are expected.',
    retryable: false,
    exitCode: 1,
  },
  E_TRAINING: { meaning: 'A training run cannot go on.', retryable: false, exitCode: 1 },
  E_LINK: { meaning: 'A link to the next stage is closed or lost.', retryable: true, exitCode: 1 },
  E_REQUEST: { meaning: 'A request to the feed cannot be understood.', retryable: false, exitCode: 2 },
  E_UNAUTHORIZED: {
    meaning: 'The feed needs a token, or does not know this one.',
    retryable: false,
    exitCode: 2,
  },
  E_FORBIDDEN: { meaning: 'The feed knows who asks, and refuses.', retryable: false, exitCode: 2 },
  E_NOT_FOUND: { meaning: 'The feed has nothing under this name.', retryable: false, exitCode: 1 },
  E_METHOD: { meaning: 'The feed does not do that to this address.', retryable: false, exitCode: 2 },
  E_CONFLICT: { meaning: 'The name is taken.', retryable: false, exitCode: 2 },
  E_TOO_LARGE: { meaning: 'A message or request is larger than the limit.', retryable: false, exitCode: 1 },
  E_TOO_MANY: { meaning: 'More requests, messages or clients than the limit.', retryable: true, exitCode: 1 },
  E_NOT_READY: { meaning: 'The feed cannot serve yet, or no longer.', retryable: true, exitCode: 1 },
  E_LISTEN: { meaning: 'The address cannot be listened on.', retryable: false, exitCode: 3 },
  E_HISTORY: { meaning: 'The history cannot be read or written.', retryable: true, exitCode: 3 },
  E_TOPIC: { meaning: 'A Kafka topic is missing or laid out differently.', retryable: false, exitCode: 2 },
  E_BROKER_REFUSED: { meaning: 'Kafka refuses this user.', retryable: false, exitCode: 2 },
  E_INTERRUPTED: {
    meaning: 'The work was interrupted; what was finished stays.',
    retryable: true,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorCodeMeaning>;

/** One of the closed list of error codes. */
export type ErrorCode = keyof typeof ERROR_CODES;
