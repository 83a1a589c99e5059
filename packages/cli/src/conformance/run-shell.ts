import { execFile } from 'node:child_process'

const MAX_OUTPUT_BYTES = 64 * 2 ** 20

/** Runs a shell command line on a home, with further arguments. @throws Error if it fails or takes too long */
export function runShell(
  commandLine: string,
  args: readonly string[],
  home: string,
  timeoutMs: number,
): Promise<string> {
  const env = {
    ...process.env,
    CLI_OPS_HOME: home,
    CLI_OPS_NAMESPACE: undefined,
    CLI_OPS_URL: undefined,
    CLI_OPS_DISABLED: undefined,
  }
  const options = { env, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES }
  return new Promise((resolve, reject) => {
    execFile(
      'sh',
      ['-c', `${commandLine} "$@"`, 'sh', ...args],
      options,
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else if (error.killed === true) reject(new Error('it did not end in time'))
        else reject(new Error(`it failed: ${stderr.trim() || error.message}`))
      },
    )
  })
}
