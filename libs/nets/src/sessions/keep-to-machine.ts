/**
 * onnxruntime sends usage to its maker and keeps a number of this machine in the home folder, unless this is set before
 * its first session. It asks the process: a variable that a worker sets does not reach it.
 */
export function keepToMachine(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
}
