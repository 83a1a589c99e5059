import { judge } from './goal.mjs'
import { compareInPairs, summarize } from './statistics.mjs'

/**
 * @typedef {import('./statistics.mjs').Summary} Summary
 * @typedef {import('./statistics.mjs').Ratio} Ratio
 * @typedef {import('./goal.mjs').Goal} Goal
 * @typedef {import('./goal.mjs').JudgedGoal} JudgedGoal
 *
 * @typedef {{
 *   what: string, unit: string, ours: Summary, peer?: { name: string, summary: Summary } | undefined,
 *   ratio?: Ratio | undefined, goals: JudgedGoal[], note?: string | undefined,
 * }} Row One line of the table.
 * @typedef {{ name: string, points: [number, number][] }} Series
 * @typedef {{ label: string, log?: boolean }} Axis
 * @typedef {{ name: string, title: string, x: Axis, y: Axis, series: Series[] }} Plot
 *   `name` becomes a part of the file name.
 * @typedef {{ what: string, why: string }} Unrun
 * @typedef {{ rows: Row[], plots: Plot[], notes: string[], unrun: Unrun[] }} Report
 */

/** What a benchmark module receives: it says how thorough to be and collects the results. */
export class Reporter {
  /** True for `--quick`, which checks that everything runs, with too few samples to judge by. */
  quick
  /** True for `--instructions`: count machine instructions too, if a tool for it is installed. */
  instructions
  /** @type {Report} */
  #report = { rows: [], plots: [], notes: [], unrun: [] }
  #onProgress

  /**
   * @param {{ quick: boolean, instructions: boolean }} options
   * @param {(text: string) => void} onProgress
   */
  constructor({ quick, instructions }, onProgress) {
    this.quick = quick
    this.instructions = instructions
    this.#onProgress = onProgress
  }

  /** Returns how often to repeat: the full number, or a tenth of it under `--quick`. @param {number} full */
  times(full) {
    return this.quick ? Math.max(5, Math.round(full / 10)) : full
  }

  /**
   * Adds a row of the kit beside a peer, from two series that were measured in turns.
   *
   * @param {{ what: string, unit: string, ours: readonly number[], peer: { name: string, samples: readonly number[] },
   *   goals?: Goal[], note?: string }} row
   */
  compare({ what, unit, ours, peer, goals = [], note }) {
    const summary = summarize(ours)
    const ratio = compareInPairs(ours, peer.samples)
    this.#report.rows.push({
      what,
      unit,
      ours: summary,
      peer: { name: peer.name, summary: summarize(peer.samples) },
      ratio,
      goals: goals.map((goal) => judge(goal, { ours: summary, ratio, unit })),
      note,
    })
  }

  /**
   * Adds a row of the kit alone; a count is a series of one.
   *
   * @param {{ what: string, unit: string, ours: readonly number[], goals?: Goal[], note?: string }} row
   */
  figure({ what, unit, ours, goals = [], note }) {
    const summary = summarize(ours)
    this.#report.rows.push({
      what,
      unit,
      ours: summary,
      goals: goals.map((goal) => judge(goal, { ours: summary, unit })),
      note,
    })
  }

  /** Adds a plot of growth. @param {Plot} plot */
  plot(plot) {
    this.#report.plots.push(plot)
  }

  /** Adds a sentence below the table. @param {string} text */
  note(text) {
    this.#report.notes.push(text)
  }

  /**
   * Reports that something could not be measured; the whole run then ends with exit code 1. @param {string} what @param
   * {string} why
   */
  couldNotRun(what, why) {
    this.#report.unrun.push({ what, why })
  }

  /** Shows what is being measured. @param {string} text */
  progress(text) {
    this.#onProgress(text)
  }

  /** @returns {Report} */
  get report() {
    return this.#report
  }
}
