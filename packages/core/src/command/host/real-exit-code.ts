/** Returns what the parent of this process sees of an exit code: its lowest byte, on Windows its 32 bits. */
export function realExitCode(code: unknown): number {
  return process.platform === 'win32' ? Number(code) >>> 0 : Number(code) & 0xff
}
