import process from 'node:process'
import { styleText } from 'node:util'

/** @typedef {Parameters<typeof styleText>[0]} Format */
/** @typedef {{ claim: string, holds: boolean, detail: string }} Check */

/** @type {readonly Format[]} */
const COLOURS = ['cyan', 'yellow', 'magenta', 'blue', 'greenBright', 'redBright']
const LABEL_WIDTH = 8

/** The demo's output: headings, one line for each line of a process, checks. Colours only on a terminal that has them. */
export class Screen {
  #started = performance.now()
  #isColoured = process.stdout.isTTY && process.stdout.hasColors()
  /** @type {Map<string, Format>} */
  #colours = new Map()

  /**
   * @param {number} number
   * @param {string} title
   */
  heading(number, title) {
    this.#write(`\n${this.#style('bold', `${number}. ${title}`)}`)
  }

  /** @param {string} text */
  narrate(text) {
    this.#write(`   ${this.#style('italic', text)}`)
  }

  /**
   * A line that a process wrote.
   *
   * @param {string} label
   * @param {string} line
   */
  said(label, line) {
    this.#write(`${this.#clock()} ${this.#prefix(label)} ${line}`)
  }

  /**
   * An event in a process's life.
   *
   * @param {string} label
   * @param {string} what
   */
  happened(label, what) {
    this.#write(`${this.#clock()} ${this.#prefix(label)} ${this.#style('dim', what)}`)
  }

  /** @param {Check} check */
  checked({ claim, holds, detail }) {
    const mark = holds ? this.#style('green', '✓') : this.#style('red', '✗')
    this.#write(`   ${mark} ${claim}${detail === '' ? '' : this.#style('dim', ` (${detail})`)}`)
  }

  /**
   * Lists all checks, and returns whether all of them hold.
   *
   * @param {readonly Check[]} checks
   */
  summary(checks) {
    this.#write(`\n${this.#style('bold', 'What was checked')}`)
    for (const check of checks) this.checked(check)
    const failed = checks.filter(({ holds }) => !holds).length
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1)
    const held = `${checks.length - failed} of ${checks.length} checks hold, in ${seconds} s`
    this.#write(`\n${this.#style(failed === 0 ? 'green' : 'red', held)}`)
    return failed === 0
  }

  #clock() {
    const seconds = (performance.now() - this.#started) / 1000
    return this.#style('dim', `${seconds.toFixed(2).padStart(6)} s`)
  }

  /** @param {string} label */
  #prefix(label) {
    let colour = this.#colours.get(label)
    if (colour === undefined) {
      colour = COLOURS[this.#colours.size % COLOURS.length] ?? 'cyan'
      this.#colours.set(label, colour)
    }
    return this.#style(colour, `${label.padEnd(LABEL_WIDTH)} │`)
  }

  /**
   * @param {Format} format
   * @param {string} text
   */
  #style(format, text) {
    return this.#isColoured ? styleText(format, text) : text
  }

  /** @param {string} line */
  #write(line) {
    process.stdout.write(`${line}\n`)
  }
}
