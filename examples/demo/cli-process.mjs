import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'

/** Nothing in the demo takes nearly as long; a step that does is reported as a failure instead of hanging. */
const PATIENCE_MS = 15_000

/** @typedef {{ text: string, at: number, isResult: boolean }} Line `at` is on the clock of `performance.now()` */
/** @typedef {{ code: number | null, signal: NodeJS.Signals | null }} End */

/** One running CLI: its lines as they arrive, and its end. */
export class CliProcess {
  /** @type {Line[]} */
  #lines = []
  /** @type {Set<(line: Line) => void>} */
  #listeners = new Set()
  #child
  /** @type {Promise<End>} */
  ended

  /**
   * @param {string} label
   * @param {readonly string[]} command A JavaScript file and its arguments
   * @param {string} cwd
   * @param {(line: string) => void} show
   */
  constructor(label, command, cwd, show) {
    this.label = label
    this.#child = spawn(process.execPath, command, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const input of [this.#child.stdout, this.#child.stderr]) {
      const isResult = input === this.#child.stdout
      createInterface({ input }).on('line', (text) => {
        const line = { text, at: performance.now(), isResult }
        show(text)
        this.#lines.push(line)
        for (const listener of [...this.#listeners]) listener(line)
      })
    }
    this.ended = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }))
  }

  get pid() {
    return this.#child.pid ?? 0
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Its stdout. */
  get result() {
    return this.#lines.flatMap(({ text, isResult }) => (isResult ? [text] : [])).join('\n')
  }

  /** All its output. */
  get output() {
    return this.#lines.map(({ text }) => text).join('\n')
  }

  /** @param {NodeJS.Signals} signal */
  kill(signal) {
    this.#child.kill(signal)
  }

  /**
   * Waits for a past or future line that matches.
   *
   * @param {RegExp} pattern
   * @returns {Promise<Line>}
   */
  line(pattern) {
    const earlier = this.#lines.find(({ text }) => pattern.test(text))
    if (earlier !== undefined) return Promise.resolve(earlier)
    const { promise, resolve, reject } = promiseWithResolvers()
    /** @param {Line} line */
    const listener = (line) => {
      if (pattern.test(line.text)) resolve(line)
    }
    this.#listeners.add(listener)
    void this.ended.then(() => reject(new Error(`${this.label} ended without a line ${pattern}`)))
    return withPatience(promise, `${this.label} to write ${pattern}`).finally(() =>
      this.#listeners.delete(listener),
    )
  }

  /**
   * Waits for its end.
   *
   * @returns {Promise<End>}
   */
  end() {
    return withPatience(this.ended, `${this.label} to end`)
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @returns {Promise<T>}
 */
export function withPatience(promise, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  /** @type {Promise<never>} */
  const timeout = new Promise((_resolve, reject) => {
    const text = `waited ${PATIENCE_MS / 1000} s for ${what}`
    timer = setTimeout(() => reject(new Error(text)), PATIENCE_MS)
  })
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer))
}

/** @returns {{ promise: Promise<Line>, resolve: (line: Line) => void, reject: (error: Error) => void }} */
function promiseWithResolvers() {
  /** @type {any} */
  const parts = {}
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}
