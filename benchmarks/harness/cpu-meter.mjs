import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {{ argv: readonly [string, ...string[]], env: Record<string, string>, cwd: string }} Command
 *   `argv[0]` is an absolute path.
 * @typedef {{ cpuMs: number, wallMs: number, exitCode: number }} Cost
 *   `cpuMs` is user and system time of the whole process, including all its threads.
 * @typedef {{ precision: string, run: (command: Command) => Promise<Cost>, close: () => void }} CpuMeter
 */

/**
 * Measures the CPU time of whole processes. Node does not report it for a single child, so this uses wait4(2) through
 * Python (microseconds) or, without Python, bash (milliseconds).
 *
 * @returns {CpuMeter | undefined} `undefined` if there is neither
 */
export function openCpuMeter() {
  if (works('python3', ['-c', 'import os; os.wait4, os.posix_spawn, os.waitstatus_to_exitcode'])) {
    return pythonMeter()
  }
  if (works('bash', ['-c', 'TIMEFORMAT="%3U %3S"; time true'])) return bashMeter()
  return undefined
}

/** @param {string} command @param {string[]} args */
function works(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** @returns {CpuMeter} */
function pythonMeter() {
  const script = fileURLToPath(new URL('wait4.py', import.meta.url))
  const python = spawn('python3', ['-I', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]()
  return {
    precision: 'microseconds (wait4)',
    async run(command) {
      python.stdin.write(`${JSON.stringify(command)}\n`)
      const { value, done } = await answers.next()
      if (done === true) throw new Error(`the meter ended while it ran ${command.argv.join(' ')}`)
      return JSON.parse(value)
    },
    close: () => void python.stdin.end(),
  }
}

/** @returns {CpuMeter} */
function bashMeter() {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" >/dev/null 2>&1 </dev/null'
  return {
    precision: 'milliseconds (bash)',
    async run({ argv, env, cwd }) {
      const { stderr, status } = spawnSync('bash', ['-c', script, 'bash', ...argv], {
        env: { ...env, LC_ALL: 'C' },
        cwd,
        encoding: 'utf8',
      })
      const [wall, user, system] = stderr.trim().split(' ').map(Number)
      if (wall === undefined || user === undefined || system === undefined) {
        throw new Error(`bash did not report the cost of ${argv.join(' ')}: ${stderr}`)
      }
      return { cpuMs: (user + system) * 1e3, wallMs: wall * 1e3, exitCode: status ?? 1 }
    },
    close: () => undefined,
  }
}
