// A real Kafka broker (KRaft, one node) in a folder of its own, for tests and development. It needs Java 17 and Maven.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { makeCertificates } from './certificates.mjs';
import { kafkaClassPath } from './jars.mjs';
import { plainProperties, propertiesText, secureProperties } from './server-properties.mjs';

const USERS = ['admin', 'deadpan', 'reader'];
const SMALL_JVM = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const READY = /Kafka Server started/;

/**
 * Starts a broker and resolves once it takes connections (about 4 s). Options: `profile` 'plain' (default) or 'secure';
 * `port` (default: a free one); `quiet` false prints the broker's log.
 */
export async function startBroker({ profile = 'plain', port: wanted = 0, quiet = true } = {}) {
  const classPath = kafkaClassPath();
  const folder = mkdtempSync(join(tmpdir(), 'deadpan-kafka-'));
  let child;
  // Also when the process ends while the broker is starting.
  const removeAtExit = () => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', removeAtExit);
  const port = wanted === 0 ? await freePort() : wanted;
  const controllerPort = await freePort();
  const secure = profile === 'secure' ? { ...makeCertificates(folder), users: madeUsers() } : undefined;
  const properties =
    secure === undefined
      ? plainProperties({ folder, port, controllerPort })
      : secureProperties({ folder, port, controllerPort, ...secure, admin: secure.users.admin });
  const file = join(folder, 'server.properties');
  writeFileSync(file, propertiesText(properties), { mode: 0o600 });
  writeFileSync(join(folder, 'log4j2.properties'), LOGGING);
  const scram = Object.entries(secure?.users ?? {}).flatMap(([name, password]) => [
    '--add-scram',
    scramOf(name, password),
  ]);
  // In one argument: an id may begin with a dash.
  const id = `--cluster-id=${randomBytes(16).toString('base64url')}`;
  execFileSync(
    'java',
    [...SMALL_JVM, '-cp', classPath, 'kafka.tools.StorageTool', 'format', id, '-c', file, ...scram],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );

  child = await run({ classPath, folder, file, quiet });
  const ended = async (signal) => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
  };
  return {
    brokers: [`127.0.0.1:${port}`],
    port,
    folder,
    ca: secure === undefined ? undefined : readFileSync(secure.ca, 'utf8'),
    caFile: secure?.ca,
    users: secure?.users,
    get pid() {
      return child.pid;
    },
    /** kill -9; resolves when the process is gone. */
    kill: () => ended('SIGKILL'),
    /** Starts it again on the same port and data after `kill`. */
    async restart() {
      await ended('SIGKILL');
      child = await run({ classPath, folder, file, quiet });
    },
    /** SIGSTOP and SIGCONT: the broker's sockets stay open and nobody answers. */
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    /** Ends the broker and removes its folder. */
    async stop() {
      await ended('SIGKILL');
      process.off('exit', removeAtExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Environment for Kafka's own command-line tools: `java -cp $KAFKA_CLASS_PATH org.apache.kafka.tools...`. */
export function toolsEnvironment() {
  return { KAFKA_CLASS_PATH: kafkaClassPath() };
}

async function run({ classPath, folder, file, quiet }) {
  const java = [
    'java',
    ...SMALL_JVM,
    `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
    '-cp',
    classPath,
    'kafka.Kafka',
    file,
  ];
  // setpriv ends the broker with this process even when that is killed and cannot clean up.
  const tied =
    spawnSync('setpriv', ['--version']).status === 0 ? ['setpriv', '--pdeathsig', 'KILL', ...java] : java;
  const child = spawn(tied[0], tied.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(folder, 'server.log'), { flags: 'a' });
  log.on('error', () => undefined);
  const last = [];
  await new Promise((resolve, reject) => {
    const read = (line) => {
      log.write(`${line}\n`);
      last.push(line);
      if (last.length > 20) last.shift();
      if (!quiet) process.stderr.write(`${line}\n`);
      if (READY.test(line)) resolve();
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      log.end();
      reject(new Error(`The broker ended (${code ?? signal}) before it was ready:\n${last.join('\n')}`));
    });
  });
  return child;
}

const madeUsers = () =>
  Object.fromEntries(USERS.map((name) => [name, randomBytes(18).toString('base64url')]));

/** SCRAM credentials with the password already salted: arguments can be read by every process of the machine. */
function scramOf(name, password) {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, 4096, 64, 'sha512').toString('base64');
  return `SCRAM-SHA-512=[name="${name}",iterations=4096,salt="${salt.toString('base64')}",saltedpassword="${salted}"]`;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const LOGGING = `appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
`;
