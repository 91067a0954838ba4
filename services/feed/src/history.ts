import { CLASSES, DeadpanError, type CameraState, type Emotion, type ExpressionClass } from '@deadpan/shared';
import Database from 'libsql';

/** Which part of the history is asked for. Times are in microseconds since 1970, `fromUs` inclusive, `toUs` exclusive. */
export interface HistoryQuery {
  /** Only these cameras; undefined: all. */
  readonly cameras: readonly string[] | undefined;
  readonly track: string | undefined;
  readonly fromUs: number;
  readonly toUs: number;
  /** Rows at most, the earliest. */
  readonly limit: number;
  /** Only windows that come after this one in the order of the answer. */
  readonly after?: WindowPlace | undefined;
}

/** Where a window stands in the order of the history. */
export interface WindowPlace {
  readonly startUs: number;
  readonly camera: string;
  readonly track: string;
}

/** A change in a camera's life. */
export interface StateChange {
  readonly camera: string;
  readonly timeUs: number;
  readonly state: CameraState;
  readonly error: string | null;
}

/** Somebody who was seen within the asked time. */
export interface PastTrack {
  readonly camera: string;
  readonly track: string;
  readonly firstUs: number;
  readonly lastUs: number;
  readonly windows: number;
}

/** Windows and changes of state, kept for a while. */
export interface History {
  /** Resolves once the window is kept; the same window again overwrites. @throws DeadpanError E_HISTORY */
  write(emotion: Emotion): Promise<void>;
  writeState(change: StateChange): void;
  windows(query: HistoryQuery): Emotion[];
  tracks(query: HistoryQuery): PastTrack[];
  /** Changes within the asked time, each camera's last one before it first. */
  states(query: HistoryQuery): StateChange[];
  /** Deletes for good what ended before; returns how many rows. */
  deleteBefore(timeUs: number): number;
  /** What is wrong with it; undefined while it works. */
  fault(): string | undefined;
  close(): void;
}

const COLUMNS = [
  ...[
    'camera',
    'track',
    'start_us',
    'end_us',
    'epoch',
    'frames',
    'missed',
    'first_us',
    'last_us',
    'expression',
  ],
  ...CLASSES,
  ...['intensity', 'model'],
];

const SCHEMA = `
CREATE TABLE IF NOT EXISTS windows (
  camera TEXT NOT NULL, track TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL,
  epoch INTEGER NOT NULL, frames INTEGER NOT NULL, missed INTEGER NOT NULL,
  first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, expression TEXT NOT NULL,
  ${CLASSES.map((name) => `${name} REAL NOT NULL`).join(', ')},
  intensity REAL NOT NULL, model TEXT NOT NULL,
  PRIMARY KEY (camera, start_us, track)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS windows_by_time ON windows (start_us);
CREATE TABLE IF NOT EXISTS states (
  camera TEXT NOT NULL, time_us INTEGER NOT NULL, state TEXT NOT NULL, error TEXT,
  PRIMARY KEY (camera, time_us)
) WITHOUT ROWID;
`;

/** Version of the schema, which the file keeps as its `user_version`. Files from before it was kept say 0. */
const VERSION = 1;

/** How long windows are gathered before they are written together, in milliseconds. */
const GATHER_MS = 20;

type Row = Record<string, unknown>;

/**
 * Opens the history in an SQLite file, or in memory where `file` is empty. Deleted rows are overwritten on disk.
 * @throws DeadpanError E_HISTORY
 */
export function openHistory(file: string): History {
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      if (cause instanceof DeadpanError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      const where = file === '' ? 'in memory' : file;
      throw new DeadpanError('E_HISTORY', `The history (${where}) cannot be used: ${why}.`, {
        cause,
        advice:
          'See that the folder exists, is writable and has room, and that no other program holds the file.',
      });
    }
  };

  const db = guarded(() => {
    const opened = new Database(file === '' ? ':memory:' : file, { timeout: 5000 });
    try {
      // Before anything is set, because some settings are written into the file.
      requireOurs(opened, file);
      // WAL with NORMAL survives a crash of the program; the last moments may go with a crash of the machine.
      opened.exec(
        'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;',
      );
      opened.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${VERSION}; COMMIT;`);
      // From now on everything waits for a write: what another program holds is rather not kept.
      opened.exec('PRAGMA busy_timeout = 200;');
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  });
  const [insert, insertState] = guarded(() => [
    db.prepare(
      `INSERT OR REPLACE INTO windows (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
    ),
    db.prepare('INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?)'),
  ]);

  let gathered: { emotion: Emotion; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let fault: string | undefined;

  function writeGathered(): void {
    const batch = gathered;
    gathered = [];
    clearTimeout(timer);
    timer = undefined;
    if (batch.length === 0) return;
    try {
      guarded(() => {
        db.exec('BEGIN');
        try {
          for (const { emotion } of batch) insert.run(...valuesOf(emotion));
          db.exec('COMMIT');
        } catch (error) {
          // Where the disk is full SQLite has done so by itself, and a second time would hide why.
          if (db.inTransaction) db.exec('ROLLBACK');
          throw error;
        }
      });
      fault = undefined;
      for (const { resolve } of batch) resolve();
    } catch (error) {
      fault = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
      for (const { reject } of batch) reject(error);
    }
  }

  /** The condition of a query, and its values. */
  function where(query: HistoryQuery, begin: string, end: string): { sql: string; values: unknown[] } {
    const parts = [`${end} > ?`, `${begin} < ?`];
    const values: unknown[] = [query.fromUs, query.toUs];
    if (query.cameras !== undefined) {
      parts.push(`camera IN (${query.cameras.map(() => '?').join(', ')})`);
      values.push(...query.cameras);
    }
    return { sql: parts.join(' AND '), values };
  }

  const all = (sql: string, values: unknown[]): Row[] =>
    guarded(() => db.prepare(sql).all(...values) as Row[]);

  return {
    write: (emotion) =>
      new Promise((resolve, reject) => {
        gathered.push({ emotion, resolve, reject });
        timer ??= setTimeout(writeGathered, GATHER_MS);
      }),
    writeState({ camera, timeUs, state, error }) {
      guarded(() => insertState.run(camera, timeUs, state, error));
    },
    windows(query) {
      const { sql, values } = where(query, 'start_us', 'end_us');
      const byTrack = query.track === undefined ? '' : ' AND track = ?';
      if (query.track !== undefined) values.push(query.track);
      const { after } = query;
      const beyond = after === undefined ? '' : ' AND (start_us, camera, track) > (?, ?, ?)';
      if (after !== undefined) values.push(after.startUs, after.camera, after.track);
      return all(
        `SELECT * FROM windows WHERE ${sql}${byTrack}${beyond} ORDER BY start_us, camera, track LIMIT ?`,
        [...values, query.limit],
      ).map(emotionOf);
    },
    tracks(query) {
      const { sql, values } = where(query, 'start_us', 'end_us');
      return all(
        `SELECT camera, track, MIN(first_us) AS first, MAX(last_us) AS last, COUNT(*) AS n FROM windows
         WHERE ${sql} GROUP BY camera, track ORDER BY first LIMIT ?`,
        [...values, query.limit],
      ).map((row) => ({
        camera: String(row['camera']),
        track: String(row['track']),
        firstUs: Number(row['first']),
        lastUs: Number(row['last']),
        windows: Number(row['n']),
      }));
    },
    states(query) {
      const within = where(query, 'time_us', 'time_us + 1');
      const before = where(
        { ...query, fromUs: Number.MIN_SAFE_INTEGER, toUs: query.fromUs },
        'time_us',
        'time_us',
      );
      return all(
        `SELECT camera, MAX(time_us) AS time_us, state, error FROM states WHERE ${before.sql} GROUP BY camera
         UNION ALL SELECT * FROM (SELECT camera, time_us, state, error FROM states WHERE ${within.sql}
         ORDER BY time_us LIMIT ?) ORDER BY time_us`,
        [...before.values, ...within.values, query.limit],
      ).map((row) => ({
        camera: String(row['camera']),
        timeUs: Number(row['time_us']),
        state: row['state'] as CameraState,
        error: row['error'] as string | null,
      }));
    },
    deleteBefore(timeUs) {
      return guarded(() => {
        let deleted = 0;
        // In slices, so that a long history holds up nothing else.
        for (;;) {
          const { changes } = db
            .prepare(
              `DELETE FROM windows WHERE (camera, start_us, track) IN
               (SELECT camera, start_us, track FROM windows WHERE start_us < ? AND end_us <= ? LIMIT 2000)`,
            )
            .run(timeUs, timeUs);
          deleted += changes;
          if (changes === 0) break;
        }
        // A camera's last state stays: it still says how the camera is. One that was removed is not any more.
        deleted += db
          .prepare(
            `DELETE FROM states WHERE time_us < ? AND (state = 'removed' OR time_us <
             (SELECT MAX(time_us) FROM states AS later WHERE later.camera = states.camera))`,
          )
          .run(timeUs).changes;
        if (deleted > 0) db.exec('PRAGMA incremental_vacuum');
        return deleted;
      });
    },
    fault: () => fault,
    close() {
      writeGathered();
      db.close();
    },
  };
}

/** @throws DeadpanError E_HISTORY for a file that holds something else than a history of this version */
function requireOurs(db: Database.Database, file: string): void {
  const fault = faultOf(db);
  if (fault === undefined) return;
  throw new DeadpanError(
    'E_HISTORY',
    `The history ${file} was written by another version of Deadpan or by another program: ${fault}.`,
    {
      advice:
        'Name another file in feed.history.file, or move this one away, and what is named like it with -wal and -shm: a new history is then begun.',
    },
  );
}

/** What tells the file from a history of this version; undefined for one, and for an empty file. */
function faultOf(db: Database.Database): string | undefined {
  let version: number;
  try {
    const [row] = db.prepare('PRAGMA user_version').all() as Row[];
    version = Number(row?.['user_version']);
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'SQLITE_NOTADB') return 'it is not an SQLite file';
    throw cause;
  }
  if (version !== 0 && version !== VERSION) return `its version is ${version}, and this one needs ${VERSION}`;

  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  if (tables.length === 0) return undefined;
  const fresh = new Database(':memory:');
  fresh.exec(SCHEMA);
  const wanted = columnsOf(fresh);
  fresh.close();
  const found = columnsOf(db);
  // One of the two may be missing, where the program was stopped while it made them.
  const ours = found.some((columns, i) => columns === wanted[i]);
  const fits = found.every((columns, i) => columns === wanted[i] || columns === NO_COLUMNS);
  return ours && fits ? undefined : 'its tables are others';
}

const NO_COLUMNS = '[]';

/** The columns that the file has of each of our tables, as text. */
function columnsOf(db: Database.Database): string[] {
  return ['windows', 'states'].map((table) =>
    JSON.stringify(db.prepare(`PRAGMA table_info(${table})`).all()),
  );
}

function valuesOf(emotion: Emotion): unknown[] {
  const { camera, track, startUs, endUs, epoch, frames, missed, firstUs, lastUs, expression } = emotion;
  const probabilities = CLASSES.map((_, k) => emotion.probabilities[k] ?? 0);
  return [
    ...[camera, track, startUs, endUs, epoch, frames, missed, firstUs, lastUs, expression],
    ...probabilities,
    emotion.intensity,
    emotion.model,
  ];
}

function emotionOf(row: Row): Emotion {
  return {
    camera: String(row['camera']),
    epoch: Number(row['epoch']),
    track: String(row['track']),
    startUs: Number(row['start_us']),
    endUs: Number(row['end_us']),
    frames: Number(row['frames']),
    missed: Number(row['missed']),
    firstUs: Number(row['first_us']),
    lastUs: Number(row['last_us']),
    probabilities: CLASSES.map((name) => Number(row[name])),
    expression: row['expression'] as ExpressionClass,
    intensity: Number(row['intensity']),
    model: String(row['model']),
  };
}
