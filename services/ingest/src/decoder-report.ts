/** The size of a picture on its way through ffmpeg's scaler. */
export interface ScaledSize {
  /** Upright source size in square pixels. */
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  /** Size it is scaled to. */
  readonly width: number;
  readonly height: number;
}

/** What ffmpeg has said so far about one input. */
export interface DecoderReport {
  /** Whether the container could be opened. */
  readonly opened: boolean;
  readonly durationUs: number | null;
  /** The earliest time stamp of all streams, where the media starts; 0 where the container does not say. */
  readonly startUs: number;
  /** The rate that the container claims; a variable one is only an average. */
  readonly nominalFps: number | null;
  readonly codec: string | null;
  readonly pixelFormat: string | null;
  /** Each source size and what it is scaled to, the newest last. */
  readonly sizes: readonly ScaledSize[];
  /** The first lines at level error or worse, and warnings that tell of missing data, without addresses and levels. */
  readonly complaints: readonly string[];
  /** The newest of them, also of those that are not kept. */
  readonly newestComplaint: string | null;
  /** Frames that were decoded, sampled or not; 0 until ffmpeg ends. */
  readonly decoded: number;
  /** Of them, those on the way from a key frame to where reading goes on; null until one after them comes. */
  readonly passed: number | null;
  /** Numbers, from 0, that frames had among the decoded ones before they were sampled; whoever takes a frame shifts one. */
  readonly sampled: number[];
  /** ffmpeg says that a signal ended it. */
  readonly signalled: boolean;
}

const COMPLAINTS_KEPT = 20;

// Said about streams that are whole: about references before the first key frame, or by encoders that break rules.
const HARMLESS =
  /mmco: unref short failure|number of reference frames .* exceeds max|co located POCs unavailable|illegal short term buffer state|error reading header: .*EXIF|non monotonically|Thread message queue blocking|Application provided|Could not update timestamps/i;
const DAMAGE_WARNING =
  /partial file|prematurely|truncat|corrupt|Packet mismatch|invalid NAL|incomplete frame|overread/i;

/** Makes a report, and the function that takes ffmpeg's log lines (`-v level+verbose`) into it. */
export function createDecoderReport(): {
  readonly report: DecoderReport;
  readonly line: (line: string) => void;
} {
  const sizes: ScaledSize[] = [];
  const complaints: string[] = [];
  const report = {
    opened: false,
    durationUs: null as number | null,
    startUs: 0,
    nominalFps: null as number | null,
    codec: null as string | null,
    pixelFormat: null as string | null,
    sizes,
    complaints,
    newestComplaint: null as string | null,
    decoded: 0,
    passed: null as number | null,
    sampled: [] as number[],
    signalled: false,
  };

  const take = (line: string): void => {
    const parts = /^((?:\[[^\]]* @ [^\]]*\] )*)\[(\w+)\] (.*)$/.exec(line);
    if (parts === null) return;
    const [, origin = '', level = '', text = ''] = parts;
    if (level === 'error' || level === 'fatal' || level === 'panic') {
      if (!HARMLESS.test(text)) complain(text);
    } else if (level === 'warning') {
      if (DAMAGE_WARNING.test(text) && !HARMLESS.test(text)) complain(text);
    } else if (level === 'verbose') {
      if (origin.includes('Parsed_scale')) takeSize(text);
      if (/^-?\d+\.000000$/.test(text)) takeNumber(Number(text));
      const decoded = /^ {2}Input stream #0:\d+ \(video\): .*; (\d+) frames decoded/.exec(text)?.[1];
      if (decoded !== undefined) report.decoded = Number(decoded);
    } else if (level === 'info') {
      takeInfo(text);
    }
  };

  const complain = (text: string): void => {
    report.newestComplaint = text;
    if (complaints.length < COMPLAINTS_KEPT) complaints.push(text);
  };

  /** As `selection` of file-command.ts prints it. */
  const takeNumber = (number: number): void => {
    if (number < 0) report.passed = -1 - number;
    else report.sampled.push(number);
  };

  const takeSize = (text: string): void => {
    const match = /w:(\d+) h:(\d+) .*?sar:(\d+)\/(\d+).* -> w:(\d+) h:(\d+) /.exec(text);
    if (match === null) return;
    const [w, h, sarNum, sarDen, width, height] = match.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const aspect = sarNum > 0 && sarDen > 0 ? sarNum / sarDen : 1;
    const size = { sourceWidth: Math.max(1, Math.round(w * aspect)), sourceHeight: h, width, height };
    const last = sizes.at(-1);
    if (last === undefined || JSON.stringify(last) !== JSON.stringify(size)) sizes.push(size);
  };

  const takeInfo = (text: string): void => {
    if (text.startsWith('Input #0')) report.opened = true;
    if (/^Exiting normally, received signal/.test(text)) report.signalled = true;
    const duration = /^ {2}Duration: (\d+):(\d+):(\d+)\.(\d+)/.exec(text);
    if (duration !== null) {
      const [hours, minutes, seconds, hundredths] = duration.slice(1).map(Number) as [
        number,
        number,
        number,
        number,
      ];
      report.durationUs = ((hours * 60 + minutes) * 60 + seconds) * 1e6 + hundredths * 1e4;
    }
    const start = /^ {2}Duration: .*, start: (-?[\d.]+)/.exec(text)?.[1];
    if (start !== undefined) report.startUs = Math.round(Number(start) * 1e6);
    const video = /^ {2,4}Stream #0:\d+.*?: Video: (.*)$/.exec(text)?.[1];
    if (video !== undefined && report.codec === null && !video.includes('(attached pic)')) {
      report.codec = /^\w+/.exec(video)?.[0] ?? null;
      report.pixelFormat =
        /, ((?:yuv|rgb|bgr|gbr|gray|pal|mono|nv|ya|argb|abgr|p0|xyz|bayer)\w*)/.exec(video)?.[1] ?? null;
      const fps = / ([\d.]+)(k?) fps/.exec(video) ?? / ([\d.]+)(k?) tbr/.exec(video);
      report.nominalFps = fps === null ? null : Number(fps[1]) * (fps[2] === 'k' ? 1000 : 1);
    }
  };

  return { report, line: take };
}
