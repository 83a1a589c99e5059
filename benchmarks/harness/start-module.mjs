import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { machineFacts } from './machine-facts.mjs'

const RUNNER = fileURLToPath(new URL('run-module.mjs', import.meta.url))

/**
 * @typedef {ReturnType<typeof import('./machine-facts.mjs').machineFacts>} MachineFacts
 * @typedef {import('./report.mjs').Report & { title: string, machine: MachineFacts }} ModuleResult
 * @typedef {{ progress?: string, result?: ModuleResult, failure?: string }} Message
 */

/**
 * Runs one benchmark module in a separate process. A module that throws or dies produces a result that says so, since
 * the others have yet to run.
 *
 * @param {string} node the executable that runs it
 * @param {import('./discover.mjs').Benchmark} benchmark
 * @param {{ quick: boolean, instructions: boolean }} options
 * @param {(text: string) => void} onProgress
 * @returns {Promise<ModuleResult>}
 */
export function startModule(node, { area, name, path }, options, onProgress) {
  return new Promise((resolve) => {
    /** @type {ModuleResult | undefined} */
    let result
    let failure = ''
    // stdout is reserved for the results.
    const child = fork(RUNNER, [path, JSON.stringify(options)], {
      execPath: node,
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    child.on('message', (/** @type {Message} */ message) => {
      if (message.progress !== undefined) onProgress(message.progress)
      result ??= message.result
      failure ||= message.failure ?? ''
    })
    child.on('error', () => {
      // "close" follows.
    })
    child.on('close', (code, signal) => {
      const why = failure || `ended with ${signal ?? `exit code ${code}`}`
      if (result !== undefined && code === 0) resolve(result)
      else
        resolve({
          title: name,
          machine: machineFacts(),
          rows: [],
          plots: [],
          notes: [],
          unrun: [{ what: `${area}/${name}`, why }],
        })
    })
  })
}
