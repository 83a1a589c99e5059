import { spawn } from 'node:child_process'
import process from 'node:process'

/** A run that takes longer than this hangs. */
const LIMIT_MS = 180_000

/**
 * @typedef {object} Result what a run shows to the outside
 * @property {number | null} exitCode
 * @property {string | null} signal
 * @property {string} stdout
 * @property {string} stderr
 *
 * @typedef {object} Running
 * @property {number} pid
 * @property {{ stdout: string, stderr: string }} output so far
 * @property {Promise<Result>} ended
 */

/**
 * Starts a program without a terminal, as the leader of a process group that ends with it.
 *
 * @param {readonly string[]} command
 * @param {{ cwd: string, env: Readonly<Record<string, string>>, until?: { seen: string, send: NodeJS.Signals } | undefined }} options
 * `until`: the program stays until it gets a signal, which is sent once it has written `seen`
 * @returns {Running}
 */
export function start([program = '', ...args], { cwd, env, until }) {
  const child = spawn(program, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  const output = { stdout: '', stderr: '' }
  for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
    child[name].setEncoding('utf8').on('data', (text) => {
      const wasThere = until !== undefined && output[name].includes(until.seen)
      output[name] += text
      if (until !== undefined && !wasThere && output[name].includes(until.seen))
        child.kill(until.send)
    })
  }
  /** @type {Promise<Result>} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    // What it leaves running must not write into the next run's folders.
    child.once('exit', () => setTimeout(endGroup, 1000, child.pid).unref())
    child.once('close', (exitCode, signal) => {
      endGroup(child.pid)
      resolve({ exitCode, signal, ...output })
    })
  })
  return { pid: child.pid ?? 0, output, ended }
}

/** @param {number | undefined} leader */
function endGroup(leader) {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nothing was left.
  }
}
