import { createCoordinator } from '@cli-ops/shared-ipc'
import { CliProcess } from './cli-process.mjs'
import { CLIS } from './clis.mjs'

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {(demo: Demo) => Promise<void>} run
 */

/** What the steps share: the processes they start, the demo's own coordinator, and the results of the checks. */
export class Demo {
  /** @type {import('./screen.mjs').Check[]} */
  checks = []
  /** @type {CliProcess[]} */
  #processes = []
  /** @type {Map<string, CliProcess>} */
  #staying = new Map()

  /**
   * @param {import('./screen.mjs').Screen} screen
   * @param {import('./demo-home.mjs').DemoHome} home
   */
  constructor(screen, home) {
    this.screen = screen
    this.home = home
    // The demo takes part like any other program.
    this.ops = createCoordinator({ name: 'demo' })
  }

  /**
   * Starts a CLI; its lines appear under the label.
   *
   * @param {string} cli
   * @param {string} label
   * @param {readonly string[]} args
   */
  start(cli, label, args) {
    this.screen.happened(label, `$ ${[cli, ...args].map(quote).join(' ')}`)
    return this.#spawn(label, cli, args, (line) => this.screen.said(label, line))
  }

  /**
   * Runs a CLI without showing it and returns its JSON.
   *
   * @param {string} cli
   * @param {readonly string[]} args
   * @returns {Promise<any>}
   */
  async read(cli, args) {
    const process = this.#spawn(args.join(' '), cli, [...args, '--json'], () => {})
    const { code } = await process.end()
    if (code !== 0) throw new Error(`${cli} ${args.join(' ')} failed: ${process.output}`)
    return JSON.parse(process.result)
  }

  /** @returns {Promise<readonly { id: string, title: string }[]>} */
  tasks() {
    return this.read('cli-alpha', ['list', '--all'])
  }

  /** Returns a `watch` of cli-alpha, started by the first step that needs it and kept to the end. */
  watch() {
    return this.#stay('cli-alpha', 'watch', ['watch'])
  }

  /** Returns a `follow` of cli-beta, likewise. */
  follow() {
    return this.#stay('cli-beta', 'follow', ['follow'])
  }

  /** Returns a `watch` of cli-gamma, likewise. */
  projects() {
    return this.#stay('cli-gamma', 'projects', ['watch'])
  }

  /**
   * @param {string} claim
   * @param {boolean} holds
   * @param {string} [detail]
   */
  check(claim, holds, detail = '') {
    const check = { claim, holds, detail }
    this.checks.push(check)
    this.screen.checked(check)
  }

  killAll() {
    for (const process of this.#processes) if (process.isRunning) process.kill('SIGKILL')
  }

  async close() {
    this.killAll()
    await Promise.all(this.#processes.map(({ ended }) => ended))
    await this.ops.close()
  }

  /**
   * @param {string} cli
   * @param {string} label
   * @param {readonly string[]} args
   */
  async #stay(cli, label, args) {
    let process = this.#staying.get(label)
    if (process === undefined) {
      process = this.start(cli, label, args)
      this.#staying.set(label, process)
      await process.line(/, Ctrl-C ends it$/)
    }
    return process
  }

  /**
   * @param {string} label
   * @param {string} cli
   * @param {readonly string[]} args
   * @param {(line: string) => void} show
   */
  #spawn(label, cli, args, show) {
    const file = CLIS[cli]
    if (file === undefined) throw new Error(`there is no CLI ${cli}`)
    const process = new CliProcess(label, [file, ...args], this.home.work, show)
    this.#processes.push(process)
    return process
  }
}

/** @param {string} word */
function quote(word) {
  return /^[\w./:=-]+$/.test(word) ? word : JSON.stringify(word)
}
