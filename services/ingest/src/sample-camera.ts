import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Ffmpeg } from './ffmpeg.js';

/** A process that a test has started. */
export interface TestProcess {
  readonly child: ChildProcess;
  /** Kills it and waits until it is gone. */
  kill(): Promise<void>;
}

/** Path of the RTSP server's binary, built if need be; null where Go is not installed. */
export function rtspServerBinary(): string | null {
  const script = fileURLToPath(new URL('../../../infra/rtsp/build.mjs', import.meta.url));
  try {
    return execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim();
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === 3) return null;
    throw error;
  }
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a real RTSP server; resolves once it listens. */
export async function startRtspServer(
  binary: string,
  port: number,
  credentials?: { readonly user: string; readonly password: string },
): Promise<TestProcess> {
  const login =
    credentials === undefined ? [] : ['-user', credentials.user, '-password', credentials.password];
  const child = spawn(binary, ['-listen', `127.0.0.1:${port}`, ...login], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines = createInterface({ input: child.stderr });
  for await (const line of lines) if (line.includes('listening')) break;
  child.stderr.resume();
  return testProcess(child);
}

/** Publishes a file to an RTSP server again and again, as a camera would; resolves once the server has it. */
export async function startPublisher(ffmpeg: Ffmpeg, file: string, url: string): Promise<TestProcess> {
  const child = spawn(
    ffmpeg.path,
    [
      ...['-nostdin', '-hide_banner', '-v', 'info', '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy'],
      ...['-f', 'rtsp', '-rtsp_transport', 'tcp', url],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  for await (const text of child.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += String(text);
    if (said.includes('frame=')) break;
  }
  if (!said.includes('frame=')) throw new Error(`the publisher ended: ${said}`);
  child.stderr.resume();
  return testProcess(child);
}

function testProcess(child: ChildProcess): TestProcess {
  return {
    child,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** What stands between a camera and its reader and can do harm. */
export interface Meddler {
  readonly port: number;
  /** Sends bytes without meaning to the readers, in the middle of whatever is being sent. */
  garble(): void;
  /** From now on subtracts this many seconds from the time stamps of every RTP packet. */
  setBack(seconds: number): void;
  close(): Promise<void>;
}

/** A TCP relay in front of an RTSP server. */
export async function startMeddler(target: number): Promise<Meddler> {
  const readers = new Set<Socket>();
  let back = 0;
  const server = createServer((reader) => {
    const upstream = connect(target, '127.0.0.1');
    readers.add(reader);
    reader.pipe(upstream);
    let pending: Buffer = Buffer.alloc(0);
    upstream.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      const { whole, rest } = shiftPackets(pending, back);
      pending = rest;
      reader.write(whole);
    });
    const end = (): void => {
      readers.delete(reader);
      reader.destroy();
      upstream.destroy();
    };
    for (const socket of [reader, upstream]) socket.on('error', end).on('close', end);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    garble() {
      for (const reader of readers) reader.write(Buffer.alloc(50_000, 0xa5));
    },
    setBack(seconds) {
      back = seconds;
    },
    async close() {
      for (const reader of readers) reader.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Interleaved RTP (RFC 2326, 10.12) with its time stamps set back; texts in between pass as they are. */
function shiftPackets(bytes: Buffer, seconds: number): { readonly whole: Buffer; readonly rest: Buffer } {
  const out = Buffer.from(bytes);
  let at = 0;
  while (at < out.length) {
    if (out[at] !== 0x24) {
      const next = out.indexOf('\r\n\r\n', at);
      if (next < 0) break;
      const length = /content-length: *(\d+)/i.exec(out.toString('latin1', at, next))?.[1] ?? '0';
      if (next + 4 + Number(length) > out.length) break;
      at = next + 4 + Number(length);
      continue;
    }
    if (at + 4 > out.length || at + 4 + out.readUInt16BE(at + 2) > out.length) break;
    const size = out.readUInt16BE(at + 2);
    if (out[at + 1] === 0 && size >= 12) {
      out.writeUInt32BE((out.readUInt32BE(at + 8) - seconds * 90_000) >>> 0, at + 8);
    }
    at += 4 + size;
  }
  return { whole: out.subarray(0, at), rest: bytes.subarray(at) };
}
