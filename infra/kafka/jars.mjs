// The jars of Kafka, fetched once from Maven Central into .cache/ by the pom beside this file.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(resolve(here, '../..'), '.cache/kafka');

/** The class path of Kafka's broker and tools; fetches the jars when they are not there yet (about 10 s). */
export function kafkaClassPath() {
  const pom = readFileSync(join(here, 'pom.xml'));
  const folder = join(cache, createHash('sha256').update(pom).digest('hex').slice(0, 12));
  if (!existsSync(folder)) fetchJars(folder);
  return join(folder, '*');
}

function fetchJars(folder) {
  const half = `${folder}.${process.pid}`;
  mkdirSync(half, { recursive: true });
  const goal = [
    '-q',
    '-B',
    '-f',
    join(here, 'pom.xml'),
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
  ];
  const { status, error, stdout, stderr } = spawnSync('mvn', [...goal, `-DoutputDirectory=${half}`], {
    encoding: 'utf8',
  });
  if (error !== undefined || status !== 0) {
    rmSync(half, { recursive: true });
    const why =
      error === undefined ? `${stdout}${stderr}`.trim().split('\n').slice(-8).join('\n') : error.message;
    throw new Error(
      `Kafka's jars cannot be fetched; it needs Maven and Java 17 or later on the PATH.\n${why}`,
    );
  }
  // Renamed when complete, so that an interrupted fetch is never taken for a whole one; who comes second keeps the first.
  if (existsSync(folder)) rmSync(half, { recursive: true });
  else renameSync(half, folder);
}
