import { fork } from 'node:child_process'
import process from 'node:process'

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts a module in a separate process and resolves once it has sent its first message; rejects if it ends first. It
 * ends with this process, which its channel keeps alive.
 *
 * @param {string} module @param {readonly string[]} parameters
 * @returns {Promise<import('node:child_process').ChildProcess>}
 */
export function startReadyChild(module, parameters) {
  const child = fork(module, parameters)
  running.add(child)
  child.once('exit', () => running.delete(child))
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child))
    child.once('exit', (code, signal) => {
      // Has no effect once the child was ready.
      reject(new Error(`${parameters.join(' ')} ended with ${signal ?? `exit code ${code}`}`))
    })
  })
}
